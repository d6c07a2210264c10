"""Bodies on their way through the gateway: both ways at once, broken off, and at the pace of the slower side."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.apiserver import OwnApi
from tests.support.forwarding import PATIENCE, Browser, Heard, backend, head_of, put_pod

PROXY = "/api/v1beta1/proxy/pods"
PIECE = b"x" * 65536
PIECES = 1024
HELD_MOST = PIECES // 2
"""Of the pieces of 64 KiB: what a slow reader must not make anybody hold."""


async def test_both_bodies_flow_at_the_same_time(api: OwnApi, browser: Browser) -> None:
    async def repeat(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert heard.headers["transfer-encoding"] == "chunked"
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while data := await reader.read(100):
            writer.write(data)
            if data.endswith(b"0\r\n\r\n"):
                return

    async with backend(repeat) as server:
        await put_pod(api)
        head = f"POST {PROXY}/web:{server.port}/ HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n"
        async with browser.raw(head) as (reader, writer):
            assert "200 OK" in await head_of(reader)
            for word in (b"one", b"two", b"six"):
                writer.write(b"3\r\n%s\r\n" % word)
                assert await reader.readexactly(8) == b"3\r\n%s\r\n" % word
            writer.write(b"0\r\n\r\n")
            assert await reader.readexactly(5) == b"0\r\n\r\n"


@pytest.mark.parametrize("begun", [False, True])
async def test_a_client_that_leaves_ends_the_request_at_once(api: OwnApi, browser: Browser, begun: bool) -> None:
    over = asyncio.Event()

    async def wait(_: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if begun:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\nfirst")
        try:
            assert await reader.read() == b""
        finally:
            over.set()

    async with backend(wait) as server:
        await put_pod(api)
        async with browser.raw(f"GET {PROXY}/web:{server.port}/ HTTP/1.1\nHost: localhost\n\n") as (reader, _):
            await server.asked()
            if begun:
                await reader.readuntil(b"first")
            assert not over.is_set()
        async with asyncio.timeout(PATIENCE):
            await over.wait()


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
async def test_a_request_that_breaks_off_is_broken_off(api: OwnApi, browser: Browser, framing: str) -> None:
    half, rest = asyncio.Event(), bytearray()
    over = asyncio.Event()

    async def listen(_: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rest.extend(await reader.readuntil(b"half"))
        half.set()
        rest.extend(await reader.read())
        over.set()

    async with backend(listen) as server:
        await put_pod(api)
        path = f"{PROXY}/web:{server.port}/"
        async with browser.raw(f"PUT {path} HTTP/1.1\nHost: localhost\n{framing}\n\n4\nhalf\n"):
            await half.wait()
        async with asyncio.timeout(PATIENCE):
            await over.wait()
    assert not rest.endswith(b"0\r\n\r\n")
    assert len(rest) < 100


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
async def test_an_answer_that_breaks_off_is_broken_off(api: OwnApi, browser: Browser, framing: str) -> None:
    async def hang_up(_: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nhalf \r\n".encode())

    async with backend(hang_up) as server:
        await put_pod(api)
        async with browser.raw(f"GET {PROXY}/web:{server.port}/ HTTP/1.1\nHost: localhost\n\n") as (reader, _):
            assert "200 OK" in await head_of(reader)
            rest = await reader.read()
    assert b"half" in rest
    assert not rest.endswith(b"0\r\n\r\n")
    assert len(rest) < 100


async def test_a_reader_that_is_slow_slows_the_server_down(api: OwnApi, browser: Browser) -> None:
    written = 0
    stuck = asyncio.Event()

    async def flood(_: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(PIECE) * PIECES))
        for _ in range(PIECES):
            writer.write(PIECE)
            written += 1
            try:
                await asyncio.wait_for(writer.drain(), 2)
            except TimeoutError:
                stuck.set()
                await writer.drain()

    async with backend(flood) as server:
        await put_pod(api)
        async with browser.raw(f"GET {PROXY}/web:{server.port}/ HTTP/1.1\nHost: localhost\n\n") as (reader, _):
            await head_of(reader)
            await stuck.wait()
            assert written < HELD_MOST
            assert await reader.readexactly(len(PIECE) * PIECES) == PIECE * PIECES


async def test_a_server_that_reads_slowly_slows_the_client_down(api: OwnApi, browser: Browser) -> None:
    go_on = asyncio.Event()

    async def wait(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        assert await reader.readexactly(heard.length) == PIECE * PIECES
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with backend(wait) as server:
        await put_pod(api)
        head = f"PUT {PROXY}/web:{server.port}/ HTTP/1.1\nHost: localhost\nContent-Length: {len(PIECE) * PIECES}\n\n"
        async with browser.raw(head) as (reader, writer):
            for written in range(PIECES):
                writer.write(PIECE)
                try:
                    await asyncio.wait_for(writer.drain(), None if go_on.is_set() else 2)
                except TimeoutError:
                    assert written < HELD_MOST
                    go_on.set()
                    await writer.drain()
            assert go_on.is_set()
            assert "200 OK" in await head_of(reader)


async def test_an_answer_before_the_whole_request_is_told(api: OwnApi, browser: Browser) -> None:
    async def refuse(_: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 413 Too Much\r\nContent-Length: 4\r\n\r\nless")
        await writer.drain()

    async with backend(refuse) as server:
        await put_pod(api)
        length = len(PIECE) * PIECES
        head = f"PUT {PROXY}/web:{server.port}/ HTTP/1.1\nHost: localhost\nContent-Length: {length}\n\n"
        async with browser.raw(head) as (reader, writer):
            writer.write(PIECE)
            assert "413 " in await head_of(reader)
            assert await reader.readexactly(4) == b"less"
