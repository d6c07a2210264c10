"""Sockets that listen at portals."""

from __future__ import annotations

import os
import resource
import socket

from peapod.proxy.portals import Place

LOOPBACK = "127.0.0.1"
WAITING_MOST = 1024
"""Connections that wait to be accepted."""

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def listening(place: Place) -> socket.socket:
    """Listen at a place; port 0 is any that is free. Raises OSError where that is no address of this node, another one
    has it, or this user may not.
    """
    found = socket.socket(socket.AF_INET, _KINDS[place.protocol])
    try:
        found.setblocking(False)
        if place.protocol == "tcp":
            # The connections of a proxy that was killed a moment ago still hold the port. Two of UDP would share it.
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((place.address, place.port))
        if place.protocol == "tcp":
            found.listen(WAITING_MOST)
    except BaseException:
        found.close()
        raise
    return found


def connected(address: tuple[str, int]) -> socket.socket:
    """Make a socket of UDP that speaks with one address only."""
    found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        found.setblocking(False)
        found.connect(address)
    except BaseException:
        found.close()
        raise
    return found


def why(error: OSError) -> str:
    """Say in small words what the system said."""
    return os.strerror(error.errno).lower() if error.errno else str(error)


def allow_many() -> None:
    """Let this process have as many sockets as it may: each connection takes two."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
