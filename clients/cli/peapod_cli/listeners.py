"""Sockets on this machine's loopback, on which programs here find what is elsewhere."""

from __future__ import annotations

import errno
import socket
from typing import TypeAlias

from peapod.common.errors import Unavailable

Listener: TypeAlias = socket.socket

DRAWS = 20
"""How often another free port is tried, when one is free on one address of loopback and taken on the other."""

_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def open_on_loopback(port: int) -> list[Listener]:
    """Listen on a port of 127.0.0.1, and of ::1 where there is one, so that "localhost" is never another program.

    0 is any port that is free on both. Raises `Unavailable` when the port is taken or may not be had.
    """
    for _ in range(1 if port else DRAWS):
        first = _listen(socket.AF_INET, "127.0.0.1", port)
        try:
            return [first, _listen(socket.AF_INET6, "::1", first.getsockname()[1])]
        except OSError as error:
            if error.errno in _NOT_HERE:
                return [first]
            first.close()
            problem = error
    raise Unavailable(f"cannot listen on port {port} of ::1: {problem.strerror}")


def name(listener: Listener) -> str:
    """Write where it listens."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _listen(family: socket.AddressFamily, host: str, port: int) -> Listener:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A port is free again at once when whoever had it has ended.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        if family == socket.AF_INET:
            raise Unavailable(f"cannot listen on port {port} of {host}: {error.strerror}") from error
        raise
    return listener
