"""Where a server listens: `host:port`, `[host]:port` or `unix:path`."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from peapod.common.errors import Invalid, Violation


class HostPort(NamedTuple):
    """A host, without brackets, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse(address: str) -> HostPort:
    """Split `host:port`; raises `Invalid`. An empty host stands for all interfaces."""
    host, colon, port = address.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535 or (":" in host and not bracketed):
        problem = f"{address!r} is not of the form host:port"
        raise Invalid(problem, [Violation("address", problem)])
    return HostPort(host[1:-1] if bracketed else host, int(port))


def is_unix(address: str) -> bool:
    """Tell whether it is a socket in the file system."""
    return address.startswith("unix:")


def is_loopback(address: str) -> bool:
    """Tell whether only this machine can reach it; raises `Invalid` when it is no address."""
    if is_unix(address):
        return True
    host = parse(address).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_exposed(address: str, allow_insecure: bool) -> None:
    """Raise `Invalid` when others could reach the address, which carries no TLS, unless that is allowed."""
    if not allow_insecure and not is_loopback(address):
        problem = f"{address!r} is not a loopback address and there is no TLS; --allow-insecure permits it"
        raise Invalid(f"refusing to listen: {problem}", [Violation("address", problem)])
