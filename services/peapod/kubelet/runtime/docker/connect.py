"""Connections to a pod's ports, as from inside the pod."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import threading
from dataclasses import dataclass
from pathlib import Path

from docker import APIClient

from peapod.kubelet.runtime.docker import processes
from peapod.kubelet.runtime.docker.client import Engine, find_container
from peapod.kubelet.runtime.docker.line import Line
from peapod.kubelet.runtime.docker.state import address
from peapod.kubelet.runtime.runtime import ContainerGone

LOOPBACK = "127.0.0.1"
PATIENCE = 30
"""Seconds after which nobody takes the connection."""

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class _Way:
    """How a pod's network is reached: through a process in it, or at an address."""

    container: str
    pid: int
    address: str


async def connect(engine: Engine, container: str, port: int) -> Line:
    """Connect to the pod's loopback where its processes can be seen from here, and else to its address."""
    way = await engine.ask(lambda client: _way(client, container))
    near = await _in_thread(way)
    connection = near or socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        async with asyncio.timeout(PATIENCE):
            target = LOOPBACK if near else way.address
            await asyncio.get_running_loop().sock_connect(connection, (target, port))
        return await asyncio.open_connection(sock=connection)
    except BaseException:
        connection.close()
        raise


def _way(client: APIClient, id: str) -> _Way:
    found = find_container(client, id)
    if found is None or not found["State"]["Running"]:
        raise ContainerGone(f"the container {id} does not run")
    mode = str(found["HostConfig"]["NetworkMode"])
    network = find_container(client, mode.removeprefix("container:")) if mode.startswith("container:") else found
    if network is None:
        raise ContainerGone("the pod's network container is gone")
    return _Way(found["Id"], found["State"]["Pid"], address(network["NetworkSettings"]) or LOOPBACK)


async def _in_thread(way: _Way) -> socket.socket | None:
    """Make a socket in the pod's network, which it belongs to from then on; None when that is not to be had.

    Entering a network is for the whole life of a thread, so that this one has no other work.
    """
    loop = asyncio.get_running_loop()
    made: asyncio.Future[socket.socket | None] = loop.create_future()

    def hand_over(connection: socket.socket | None, error: OSError | None) -> None:
        if made.done():
            if connection:
                connection.close()
        elif error:
            made.set_exception(error)
        else:
            made.set_result(connection)

    def run() -> None:
        connection, problem = None, None
        try:
            connection = _socket_inside(way)
        except OSError as error:
            problem = error
        try:
            loop.call_soon_threadsafe(hand_over, connection, problem)
        except RuntimeError:
            # The loop is gone, and whoever wanted the socket with it.
            if connection:
                connection.close()

    threading.Thread(target=run, name="docker-connect", daemon=True).start()
    return await made


def _socket_inside(way: _Way) -> socket.socket | None:
    try:
        namespace = os.open(Path("/proc", str(way.pid), "ns", "net"), os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return None
    try:
        # Asked once the namespace is held: the number may be another process's by now.
        if not processes.belongs(way.pid, way.container) or not _enter(namespace):
            return None
    finally:
        os.close(namespace)
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def _enter(namespace: int) -> bool:
    """Bring this thread into a network; False when the kubelet may not."""
    return int(_libc.setns(namespace, _CLONE_NEWNET)) == 0
