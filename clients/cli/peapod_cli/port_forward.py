"""`peapod port-forward`: ports of a pod on this machine's loopback, each connection a call of its own."""

from __future__ import annotations

import asyncio
import logging
import re
from argparse import Namespace
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

import grpc
import grpc.aio

from peapod.common import informer, process
from peapod.common.channel import open_channel
from peapod.common.errors import Invalid, NotFound, NotReady, PeapodError
from peapod.common.informer import Informer
from peapod.common.kinds import POD
from peapod.v1 import pod_pb2
from peapod.v1 import pod_service_pb2 as pb
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod_cli import columns, listeners
from peapod_cli.calls import Connection, meaning
from peapod_cli.console import Console
from peapod_cli.kinds import one_pod
from peapod_cli.verbs.flags import PORT_MOST

PIECE = 64 * 1024
"""Bytes of a connection that are sent at once, at most."""

_OVER = (pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED)


class Port(NamedTuple):
    """A port of the pod, and the one here that leads to it; 0 is any that is free."""

    local: int
    remote: int


def run(arguments: Namespace, console: Console) -> None:
    """Listen, and pass connections on until interrupted.

    A connection that fails is closed and told of; others go on. Raises `NotReady` when the pod is not running, and
    `NotFound` once it is gone.
    """
    words = list(arguments.words)
    name = arguments.pod or (words.pop(0) if words else "")
    if not name or not words:
        raise Invalid("say which pod and which ports: peapod port-forward POD [LOCAL:]REMOTE...")
    name, ports = one_pod(name, "have no ports"), read_ports(words)
    # A server that is away is told of by each connection that fails for it.
    logging.getLogger(informer.__name__).setLevel(logging.ERROR)
    with Connection(arguments.server) as connection:
        pod = connection.of(POD).get(arguments.namespace, name)
    if pod.status.phase != pod_pb2.POD_PHASE_RUNNING:
        raise NotReady(f'Pod "{name}" is not running: it is {columns.pod_phase(pod)}')
    asyncio.run(_run(arguments.server, pod, ports, console))


def read_ports(words: Sequence[str]) -> list[Port]:
    """Read `REMOTE`, which is the same number here, `LOCAL:REMOTE` and `:REMOTE`; raise `Invalid` for what is none."""
    ports = []
    for word in words:
        local, colon, remote = word.rpartition(":")
        port = Port(_number(local or "0") if colon else _number(remote), _number(remote))
        if port.local < 0 or port.remote < 1:
            raise Invalid(f'"{word}" is no port such as 80, 8080:80 or :80')
        ports.append(port)
    return ports


def _number(text: str) -> int:
    """Read a port; -1 is none."""
    number = int(text) if re.fullmatch("[0-9]{1,5}", text) else -1
    return number if number <= PORT_MOST else -1


async def _run(address: str, pod: pod_pb2.Pod, ports: Sequence[Port], console: Console) -> None:
    async with AsyncExitStack() as stack:
        channel = open_channel(address)
        stack.push_async_callback(channel.close)
        client = PodServiceClient(channel)
        forwards = _Forwards(client, address, pod, console)
        stack.push_async_callback(forwards.close)
        for port in ports:
            for listener in listeners.open_on_loopback(port.local):
                stack.callback((await forwards.serve(listener, port.remote)).close)
                console.line(f"Forwarding from {listeners.name(listener)} -> {port.remote}")
        await _over(client, pod)


async def _over(client: PodServiceClient, pod: pod_pb2.Pod) -> None:
    """Wait for the pod's end; raise `NotFound` or `NotReady` then."""
    metadata = pod.metadata
    source = informer.pods(client, fields=f"metadata.name={metadata.name}", namespace=metadata.namespace)
    followed = Informer(source, name="the pod")
    changed = asyncio.Event()
    followed.on_change(lambda *_: changed.set())
    following = process.spawn(followed.run, "the pod")
    try:
        await followed.synced()
        while True:
            _check(followed.objects.get((metadata.namespace, metadata.name)), pod)
            changed.clear()
            await changed.wait()
    finally:
        await process.end(following)


def _check(now: pod_pb2.Pod | None, pod: pod_pb2.Pod) -> None:
    if now is None or now.metadata.uid != pod.metadata.uid:
        raise NotFound(f'Pod "{pod.metadata.name}" is gone')
    if now.status.phase in _OVER:
        raise NotReady(f'Pod "{pod.metadata.name}" is over: it is {columns.pod_phase(now)}')


class _Forwards:
    """The connections that are open."""

    def __init__(self, client: PodServiceClient, address: str, pod: pod_pb2.Pod, console: Console) -> None:
        self._client = client
        self._address = address
        self._pod = pod
        self._console = console
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, listener: listeners.Listener, remote: int) -> asyncio.Server:
        """Take connections and pass each on to a port of the pod."""

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._forward(reader, writer, remote))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return await asyncio.start_server(accept, sock=listener)

    async def close(self) -> None:
        """Break off all connections."""
        await process.end(*self._tasks)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, remote: int) -> None:
        try:
            async with self._client.port_forward_pod(self._requests(reader, remote)) as answers:
                async for answer in answers:
                    writer.write(answer.data)
                    await writer.drain()
        except ConnectionError:
            # Whoever connected has left; leaving the block tells the pod.
            return
        except grpc.RpcError as error:
            self._say(meaning(error, self._address), remote)
        finally:
            writer.close()

    async def _requests(
        self, reader: asyncio.StreamReader, remote: int
    ) -> AsyncGenerator[pb.PortForwardPodRequest, None]:
        metadata = self._pod.metadata
        target = pb.PortForwardTarget(namespace=metadata.namespace, name=metadata.name, port=remote)
        yield pb.PortForwardPodRequest(target=target)
        try:
            while data := await reader.read(PIECE):
                yield pb.PortForwardPodRequest(data=data)
        except ConnectionError:
            return

    def _say(self, error: PeapodError, remote: int) -> None:
        self._console.error(f"a connection to port {remote}: {error.message}")
