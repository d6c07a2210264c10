"""What probes and hooks ask over the network, of real servers on loopback that behave in every way."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from peapod.kubelet.health.handlers import Failed, Handlers, Target
from peapod.kubelet.runtime.hollow import HollowRuntime
from peapod.v1 import pod_pb2

HOST = "127.0.0.1"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(serve: Serve) -> AsyncGenerator[int]:
    """Serve each connection until the block ends; the port is where."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(connected, HOST, 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


@contextmanager
def nobody_listens() -> Iterator[int]:
    """Hold a port, so that no other takes it."""
    with socket.socket() as held:
        held.bind((HOST, 0))
        yield held.getsockname()[1]


def answering(*pieces: bytes, asked: list[str] | None = None) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if asked is not None:
            asked.extend(head.decode().split("\r\n"))
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return serve


async def get(port: int, path: str = "/", *, host: str = "", seconds: float = 30) -> Failed | None:
    handler = pod_pb2.Handler()
    handler.http_get.path, handler.http_get.port.number, handler.http_get.host = path, port, host
    return await Handlers(HollowRuntime(), HOST).act(handler, Target("id", HOST, {}), seconds)


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK", b"HTTP/1.0 204", b"HTTP/1.1 399 Odd"])
async def test_200_to_399_is_well(line: bytes) -> None:
    async with server(answering(line + b"\r\n\r\n")) as port:
        assert await get(port) is None


@pytest.mark.parametrize("status", [400, 404, 500, 503])
async def test_any_other_status_is_not(status: int) -> None:
    async with server(answering(b"HTTP/1.1 %d No\r\n\r\n" % status)) as port:
        assert await get(port, "/live") == Failed(f"http://127.0.0.1:{port}/live: status {status}")


async def test_a_redirect_is_well_and_not_followed() -> None:
    asked: list[str] = []
    answer = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"
    async with server(answering(answer, asked=asked)) as port:
        assert await get(port) is None
    assert [line for line in asked if line.startswith("GET")] == ["GET / HTTP/1.1"]


async def test_an_announcement_is_not_the_answer() -> None:
    head = b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n"
    async with server(answering(head, b"HTTP/1.1 500 No\r\n\r\n")) as port:
        assert str(await get(port)).endswith("status 500")


async def test_what_is_asked_for_is_one_request_whatever_the_path() -> None:
    asked: list[str] = []
    async with server(answering(b"HTTP/1.1 200 OK\r\n\r\n", asked=asked)) as port:
        assert await get(port, "live now?a=1&b=%20\r\nEvil: yes") is None
    assert asked[:2] == ["GET /live%20now?a=1&b=%20%0D%0AEvil:%20yes HTTP/1.1", f"Host: 127.0.0.1:{port}"]


async def test_an_endless_body_is_not_read() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with server(endless) as port:
        assert await get(port) is None


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "the connection was closed without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP"),
        (b"x" * 100_000, "the answer has a line of more than 16384 bytes"),
    ],
)
async def test_what_does_not_speak_http_has_failed(answer: bytes, why: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.write_eof()
        await reader.read()

    async with server(serve) as port:
        assert await get(port) == Failed(f"http://127.0.0.1:{port}/: {why}")


async def test_who_does_not_answer_in_time_has_failed() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(silent) as port:
        assert await get(port, seconds=0.2) == Failed("not done within 0.2 s")


async def test_where_nobody_listens_the_words_do_not_change() -> None:
    with nobody_listens() as port:
        assert await get(port) == Failed(f"http://127.0.0.1:{port}/: Connection refused") == await get(port)


async def test_the_host_may_be_another() -> None:
    async with server(answering(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        handlers = Handlers(HollowRuntime(), "127.0.0.9")
        handler = pod_pb2.Handler()
        handler.http_get.port.number, handler.http_get.host = port, HOST
        target = handlers.target("id", pod_pb2.Container(), "")
        assert target.address == "127.0.0.9"
        assert await handlers.act(handler, target, 30) is None


async def test_a_named_port_is_the_containers() -> None:
    handlers, handler = Handlers(HollowRuntime(), HOST), pod_pb2.Handler()
    handler.tcp_socket.port.text = "web"

    async def open_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(open_only) as port:
        container = pod_pb2.Container(ports=[pod_pb2.ContainerPort(name="web", container_port=port, host_port=1)])
        assert await handlers.act(handler, handlers.target("id", container, HOST), 30) is None
    with nobody_listens() as port:
        closed = pod_pb2.Container(ports=[pod_pb2.ContainerPort(name="web", container_port=port)])
        assert "Connection refused" in str(await handlers.act(handler, handlers.target("id", closed, HOST), 30))
    nameless = handlers.target("id", pod_pb2.Container(), HOST)
    assert await handlers.act(handler, nameless, 30) == Failed("the container has no port named 'web'")
