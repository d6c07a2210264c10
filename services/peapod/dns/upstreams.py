"""The servers that other names are asked of: which they are, and in which order."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence

from peapod.common import address
from peapod.common.address import HostPort
from peapod.common.errors import Invalid

DNS_PORT = 53
SHUN_SECONDS = 10.0
"""How long a server that did not answer is asked only after the others."""


def parse(text: str) -> HostPort:
    """Read an IP address, with a port or without; raises ValueError."""
    try:
        ipaddress.ip_address(text)
        return HostPort(text, DNS_PORT)
    except ValueError:
        pass
    try:
        found = address.parse(text)
        ipaddress.ip_address(found.host)
    except (Invalid, ValueError):
        found = None
    if found is None or not found.port:
        raise ValueError(f"{text!r} is no IP address, nor one with a port behind it")
    return found


def others(servers: Iterable[HostPort], own: HostPort, is_here: Callable[[str], bool]) -> list[HostPort]:
    """Leave out whoever is this very server, listening at `own`: it would ask itself.

    `is_here` tells whether an address is this machine's.
    """

    def is_own(server: HostPort) -> bool:
        host, mine = ipaddress.ip_address(server.host), ipaddress.ip_address(own.host)
        return server.port == own.port and (host == mine or (mine.is_unspecified and is_here(server.host)))

    return [server for server in dict.fromkeys(servers) if not is_own(server)]


def ordered(servers: Sequence[HostPort], failed: Mapping[HostPort, float], now: float) -> list[HostPort]:
    """Put those last that have failed within SHUN_SECONDS, by the times in `failed`."""
    return sorted(servers, key=lambda server: now - failed.get(server, -SHUN_SECONDS) < SHUN_SECONDS)
