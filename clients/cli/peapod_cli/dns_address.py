"""Where `peapod up` answers for the names of services."""

from __future__ import annotations

import socket
from collections.abc import Callable

from peapod.common.address import HostPort

USUAL = HostPort("127.0.0.1", 53)
"""Where pods of the sandbox can ask; those of Docker have a loopback of their own."""
ANY = HostPort("127.0.0.1", 0)


def choose(asked: str, say: Callable[[str], None], usual: HostPort = USUAL) -> str:
    """Return what was asked for, else the usual address; where that cannot be had, say so and return any."""
    if asked:
        return asked
    if problem := _problem(usual):
        say(f"the names of services cannot be answered on {usual} ({problem}), and so not to pods")
        return str(ANY)
    return str(usual)


def _problem(place: HostPort) -> str:
    """Say why an address cannot be had, over TCP or over UDP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                if kind == socket.SOCK_STREAM:
                    # What the last cluster left of its connections is in nobody's way.
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(place)
            except OSError as error:
                return (error.strerror or str(error)).lower()
    return ""
