"""A gateway in this process, servers behind it that a test plays itself, and clients without any help of ours."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from types import MappingProxyType
from typing import Any, NamedTuple

from peapod.gateway.config import GatewayConfig
from peapod.gateway.server import Gateway
from peapod.v1 import pod_pb2
from peapod.v1 import pod_service_pb2 as pods
from tests.support.apiserver import Api
from tests.support.objects import make_pod

PATIENCE = 30
NONE: Mapping[str, str] = MappingProxyType({})


@asynccontextmanager
async def running_gateway(apiserver: str) -> AsyncGenerator[Gateway]:
    gateway = Gateway(GatewayConfig(apiserver=apiserver, address="127.0.0.1:0"))
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


class Heard(NamedTuple):
    """The head of a request, as a server behind the gateway got it."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))


Play = Callable[[Heard, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Backend:
    """A server that reads the head of one request per connection, and has `play` do the rest."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.port = 0
        self.heard: list[Heard] = []
        self._changed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                self.heard.append(_heard(head.decode("latin-1")))
                self._changed.set()
                await self.play(self.heard[-1], reader, writer)
        finally:
            writer.close()

    async def asked(self) -> None:
        """Wait until somebody has asked something."""
        async with asyncio.timeout(PATIENCE):
            await self._changed.wait()


def _heard(head: str) -> Heard:
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = (line.partition(": ") for line in lines)
    return Heard(method, target, {name.lower(): value for name, _, value in headers})


def says(head: str, body: bytes = b"") -> Play:
    """Say the same to everybody, after the whole request, and hang up."""

    async def play(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(heard.length)
        writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return play


async def echo(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell in JSON what was heard."""
    body = (await reader.readexactly(heard.length)).decode()
    told = json.dumps([heard.method, heard.target, heard.headers, body]).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(told))
    writer.write(b"" if heard.method == "HEAD" else told)
    await writer.drain()


@asynccontextmanager
async def backend(play: Play = echo) -> AsyncGenerator[Backend]:
    played = Backend(play)
    server = await asyncio.start_server(played.serve, "127.0.0.1", 0)
    played.port = server.sockets[0].getsockname()[1]
    try:
        yield played
    finally:
        server.close()


async def put_pod(api: Api, name: str = "web", *, ip: str = "127.0.0.1", **given: Any) -> pod_pb2.Pod:
    """Create a pod that has an address; `given` are `ports` (names and numbers), `status`, and words of `make_pod`."""
    ports, status = given.pop("ports", {}), given.pop("status", pod_pb2.PodStatus())
    pod = make_pod(name, **given)
    for port, number in ports.items():
        pod.spec.containers[0].ports.add(name=port, container_port=number)
    stored = (await api.pods.create_pod(pods.CreatePodRequest(pod=pod))).pod
    status.pod_ip = ip
    metadata = stored.metadata
    update = pods.PodStatusUpdate(namespace=metadata.namespace, name=metadata.name, uid=metadata.uid, status=status)
    await api.pods.update_pod_statuses(pods.UpdatePodStatusesRequest(updates=[update]))
    return stored


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Asks a gateway, with Python's own client."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] = NONE
    ) -> Answer:
        return await asyncio.to_thread(self._ask, path, method, body, headers)

    def _ask(self, path: str, method: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            given = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, given, response.read())
        finally:
            connection.close()

    @asynccontextmanager
    async def raw(self, text: str) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Open a connection, say these lines, and leave the rest to the test."""
        host, _, port = self.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(text.replace("\n", "\r\n").encode())
        try:
            async with asyncio.timeout(PATIENCE):
                yield reader, writer
        finally:
            writer.close()


async def head_of(reader: asyncio.StreamReader) -> str:
    """Read the head of an answer."""
    return (await reader.readuntil(b"\r\n\r\n")).decode()
