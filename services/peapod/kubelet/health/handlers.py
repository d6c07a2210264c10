"""Carries out what probes and hooks ask of a container: a command in it, an HTTP request or a connection to it."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass

from peapod.kubelet.health.http_get import BadAnswer, get_status
from peapod.kubelet.runtime.runtime import Execution, LaunchError, Runtime
from peapod.v1 import pod_pb2

OUTPUT_MOST = 256
"""Bytes of a command's output that are kept to explain its failure; the rest is read and dropped."""


@dataclass(frozen=True, slots=True)
class Target:
    """A running container, as handlers reach it."""

    id: str
    address: str
    """Where its ports are."""
    ports: Mapping[str, int]
    """By name."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not go well."""

    why: str
    """The same words whenever it fails in the same way."""
    said: str = ""
    """What the command wrote, cut."""

    def __str__(self) -> str:
        return f"{self.why}: {self.said}" if self.said else self.why


class Handlers:
    """Acts on containers of one node, whose own address is `host_ip`."""

    def __init__(self, runtime: Runtime, host_ip: str) -> None:
        self._runtime = runtime
        self._host_ip = host_ip

    def target(self, id: str, container: pod_pb2.Container, address: str) -> Target:
        """Make the target of a container's instance in a pod with this address; empty is the node's."""
        ports = {port.name: port.container_port for port in container.ports if port.name}
        return Target(id, address or self._host_ip, ports)

    async def act(self, handler: pod_pb2.Handler, target: Target, seconds: float | None = None) -> Failed | None:
        """Do it, and say how it failed, if it did. What is not done within `seconds` is given up and has failed.

        Raises `ContainerGone` and `RuntimeUnavailable` when it cannot be told how the container is.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._act(handler, target)
        except TimeoutError:
            return Failed(f"not done within {seconds:g} s")

    async def _act(self, handler: pod_pb2.Handler, target: Target) -> Failed | None:
        match handler.WhichOneof("action"):
            case "exec":
                return await self._exec(handler.exec, target)
            case "http_get":
                return await _http_get(handler.http_get, target)
            case "tcp_socket":
                return await _tcp_socket(handler.tcp_socket, target)
        return Failed("nothing says what to do")

    async def _exec(self, action: pod_pb2.ExecAction, target: Target) -> Failed | None:
        try:
            execution = await self._runtime.exec(target.id, list(action.command))
        except LaunchError as error:
            return Failed(f"{action.command[0]} cannot be run: {error}")
        try:
            said = await _beginning(execution)
            code = await execution.wait()
        finally:
            await execution.close()
        return Failed(f"{action.command[0]} exited with code {code}", said) if code else None


async def _beginning(execution: Execution) -> str:
    kept = b""
    async for chunk in execution.output():
        kept += chunk.data[: OUTPUT_MOST - len(kept)]
    return " ".join(kept.decode(errors="replace").split())


async def _http_get(action: pod_pb2.HTTPGetAction, target: Target) -> Failed | None:
    host, port = action.host or target.address, _port(action.port, target)
    if port is None:
        return _no_port(action.port)
    place = f"http://{host}:{port}{action.path or '/'}"
    try:
        status = await get_status(host, port, action.path)
    except (OSError, UnicodeError, BadAnswer) as error:
        return Failed(f"{place}: {_words(error)}")
    return None if 200 <= status < 400 else Failed(f"{place}: status {status}")


async def _tcp_socket(action: pod_pb2.TCPSocketAction, target: Target) -> Failed | None:
    port = _port(action.port, target)
    if port is None:
        return _no_port(action.port)
    try:
        _, writer = await asyncio.open_connection(target.address, port)
    except OSError as error:
        return Failed(f"{target.address}:{port}: {_words(error)}")
    writer.transport.abort()
    return None


def _port(port: pod_pb2.IntOrString, target: Target) -> int | None:
    return target.ports.get(port.text) if port.HasField("text") else port.number


def _no_port(port: pod_pb2.IntOrString) -> Failed:
    return Failed(f"the container has no port named {port.text!r}")


def _words(error: Exception) -> str:
    """Say an error in words that do not change with the attempt."""
    if isinstance(error, OSError) and error.errno is not None and error.errno in errno.errorcode:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
