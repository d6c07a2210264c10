"""WebSockets of pods, through the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response

from tests.support.apiserver import OwnApi
from tests.support.forwarding import PATIENCE, Browser, backend, head_of, put_pod, says

PROXY = "/api/v1beta1/proxy/pods"
PIECE = b"x" * 65536
PIECES = 1024
HELD_MOST = PIECES // 2

Serve = Callable[[ServerConnection], Awaitable[None]]


async def echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(message)


@asynccontextmanager
async def server(play: Serve = echo, **given: object) -> AsyncGenerator[int]:
    async with serve(play, "127.0.0.1", 0, **given) as running:  # type: ignore[arg-type]
        (listener,) = running.sockets
        yield listener.getsockname()[1]


def opened(browser: Browser, port: int, path: str = "/", **given: object) -> connect:
    return connect(f"ws://{browser.address}{PROXY}/web:{port}{path}", proxy=None, **given)  # type: ignore[arg-type]


async def closed(socket: ClientConnection) -> tuple[int, str]:
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(ConnectionClosed) as end:
            await socket.recv()
    assert end.value.rcvd is not None
    return end.value.rcvd.code, end.value.rcvd.reason


async def test_messages_of_both_kinds_pass_both_ways(api: OwnApi, browser: Browser) -> None:
    await put_pod(api)
    async with server() as port, opened(browser, port) as socket:
        for message in ("text", b"bytes", "", b"", "x" * 1_000_000):
            await socket.send(message)
            assert await socket.recv() == message


async def test_the_opening_passes_with_its_path_headers_and_protocols(api: OwnApi, browser: Browser) -> None:
    seen: list[Request] = []

    def answer(_: ServerConnection, request: Request, response: Response) -> Response:
        seen.append(request)
        response.headers["X-Answer"] = "yes"
        return response

    await put_pod(api)
    async with (
        server(subprotocols=["second"], process_response=answer) as port,
        opened(
            browser,
            port,
            "/a%2Fb?c=d",
            subprotocols=["first", "second"],
            additional_headers={"Cookie": "e=f", "X-Forwarded-For": "1.2.3.4"},
            origin=f"http://{browser.address}",
        ) as socket,
    ):
        assert socket.subprotocol == "second"
        assert socket.response is not None
        assert socket.response.headers["X-Answer"] == "yes"
    assert seen[0].path == "/a%2Fb?c=d"
    assert seen[0].headers["Cookie"] == "e=f"
    assert seen[0].headers["Origin"] == f"http://{browser.address}"
    assert seen[0].headers["Host"] == f"127.0.0.1:{port}"
    assert seen[0].headers["X-Forwarded-For"] == "1.2.3.4, 127.0.0.1"
    assert seen[0].headers["X-Forwarded-Host"] == browser.address


async def test_an_end_passes_with_its_code_and_reason(api: OwnApi, browser: Browser) -> None:
    async def bye(socket: ServerConnection) -> None:
        await socket.close(4001, "enough")

    ended: asyncio.Future[tuple[int | None, str | None]] = asyncio.get_running_loop().create_future()

    async def listen(socket: ServerConnection) -> None:
        await socket.wait_closed()
        ended.set_result((socket.close_code, socket.close_reason))

    await put_pod(api)
    async with server(bye) as port, opened(browser, port) as socket:
        assert await closed(socket) == (4001, "enough")
    async with server(listen) as port:
        async with opened(browser, port) as socket:
            await socket.close(4002, "done")
        async with asyncio.timeout(PATIENCE):
            assert await ended == (4002, "done")


async def test_an_end_without_a_word_is_one_on_the_other_side_too(api: OwnApi, browser: Browser) -> None:
    gone = asyncio.Event()

    async def listen(socket: ServerConnection) -> None:
        await socket.wait_closed()
        gone.set()

    async def vanish(socket: ServerConnection) -> None:
        socket.transport.abort()

    await put_pod(api)
    async with server(listen) as port:
        async with opened(browser, port) as socket:
            socket.transport.abort()
        async with asyncio.timeout(PATIENCE):
            await gone.wait()
    async with server(vanish) as port, opened(browser, port) as socket:
        assert (await closed(socket))[0] == 1011


async def test_a_server_that_refuses_is_heard(api: OwnApi, browser: Browser) -> None:
    await put_pod(api)
    async with backend(says("HTTP/1.1 403 No\nX-Why: so\nContent-Length: 5", b"never")) as refusing:
        with pytest.raises(InvalidStatus) as refused:
            await opened(browser, refusing.port)
    answer = refused.value.response
    assert (answer.status_code, answer.body, answer.headers["X-Why"]) == (403, b"never", "so")


async def test_a_server_that_points_elsewhere_is_not_followed(api: OwnApi, browser: Browser) -> None:
    await put_pod(api)
    async with backend() as elsewhere:
        head = f"HTTP/1.1 307 There\nLocation: http://127.0.0.1:{elsewhere.port}/\nContent-Length: 0"
        async with backend(says(head)) as pointing:
            opening = "Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13"
            key = "Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ=="
            path = f"{PROXY}/web:{pointing.port}/"
            async with browser.raw(f"GET {path} HTTP/1.1\nHost: localhost\n{opening}\n{key}\n\n") as (reader, _):
                assert "307 " in await head_of(reader)
        assert elsewhere.heard == []


async def test_who_is_not_there_is_said(api: OwnApi, browser: Browser) -> None:
    await put_pod(api)
    async with server() as port:
        pass
    with pytest.raises(InvalidStatus) as refused:
        await opened(browser, port)
    assert refused.value.response.status_code == 503
    assert refused.value.response.body is not None
    assert b"Error: 'connection refused'" in refused.value.response.body
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{browser.address}{PROXY}/none/", proxy=None)
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize("head", ["nothing of the kind", "HTTP/1.1 101 Fine\nUpgrade: websocket\nConnection: Upgrade"])
async def test_a_server_that_speaks_something_else_is_named(api: OwnApi, browser: Browser, head: str) -> None:
    await put_pod(api)
    async with backend(says(head)) as odd:
        with pytest.raises(InvalidStatus) as refused:
            await opened(browser, odd.port)
    assert refused.value.response.status_code == 503
    assert b"Error: '" in bytes(refused.value.response.body or b"")


async def test_a_slow_reader_slows_the_other_side_down(api: OwnApi, browser: Browser) -> None:
    written = 0
    stuck = asyncio.Event()

    async def flood(socket: ServerConnection) -> None:
        nonlocal written
        for written in range(PIECES):  # noqa: B007
            try:
                await asyncio.wait_for(asyncio.shield(sending := asyncio.ensure_future(socket.send(PIECE))), 2)
            except TimeoutError:
                stuck.set()
                await sending

    await put_pod(api)
    async with server(flood) as port, opened(browser, port, max_queue=1, compression=None) as socket:
        async with asyncio.timeout(PATIENCE):
            await stuck.wait()
            assert written < HELD_MOST
            for _ in range(PIECES):
                assert await socket.recv() == PIECE
