"""Ports of this machine for those who cannot take port 0."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Find a port on loopback that nobody has now; somebody may have it a moment later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
