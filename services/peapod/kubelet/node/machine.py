"""What the kubelet finds out about the machine that it runs on."""

from __future__ import annotations

import os
import platform
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from peapod.common.address import parse


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine; what it doesn't tell is empty. `memory` is in bytes."""

    cpus: int
    memory: int
    machine_id: str
    system_uuid: str
    boot_id: str
    kernel: str
    os_image: str

    @classmethod
    def read(cls) -> Machine:
        """Ask the machine itself."""
        return cls(
            cpus=os.cpu_count() or 1,
            memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            machine_id=_text("/etc/machine-id"),
            system_uuid=_text("/sys/class/dmi/id/product_uuid"),
            boot_id=_text("/proc/sys/kernel/random/boot_id"),
            kernel=platform.release(),
            os_image=_os_image(),
        )


def address_of(place: str) -> str:
    """Find the IP address behind a `host:port` by which others reach this machine. May ask a name server."""
    host = parse(place).host
    with suppress(ValueError):
        return host if not ip_address(host).is_unspecified else _outward_address()
    if not host:
        return _outward_address()
    with suppress(OSError):
        return str(socket.getaddrinfo(host, None, socket.AF_INET)[0][4][0])
    return ""


def _outward_address() -> str:
    """Find the address that packets to elsewhere would carry; connecting a datagram socket sends none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _os_image() -> str:
    with suppress(OSError):
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    return ""


def _text(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text().strip()
    return ""
