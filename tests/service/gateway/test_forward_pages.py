"""Pages of pods and services, whose links are rewritten on their way; and answers that are left alone."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from tests.support.apiserver import OwnApi
from tests.support.forwarding import Browser, Heard, backend, put_pod, says

PROXY = "/api/v1beta1/proxy/pods"
PAGE = b'<link href="/style.css"><a href=\'/a?b#c\'>a</a><img src=/i.png><form action="/go"></form><a href="x">x</a>'


def rewritten(prefix: str) -> bytes:
    below = f"{prefix}/".encode()
    return PAGE.replace(b'"/', b'"' + below).replace(b"'/a", b"'" + below + b"a").replace(b"=/i", b"=" + below + b"i")


async def test_links_and_locations_lead_through_the_proxy(api: OwnApi, browser: Browser) -> None:
    head = (
        f"HTTP/1.1 302 Found\nLocation: /login?a#b\nContent-Type: text/html; charset=utf-8\nContent-Length: {len(PAGE)}"
    )
    async with backend(says(head, PAGE)) as server:
        await put_pod(api)
        prefix = f"{PROXY}/web:{server.port}"
        answer = await browser.ask(f"{prefix}/page")
    assert (answer.status, answer.headers["location"]) == (302, f"{prefix}/login?a#b")
    assert answer.body == rewritten(prefix)


async def test_a_location_with_the_servers_own_address_is_rewritten(api: OwnApi, browser: Browser) -> None:
    async def move(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await says(f"HTTP/1.1 301 Moved\nLocation: http://{heard.headers['host']}/x/\nContent-Length: 0")(
            heard, reader, writer
        )

    async with backend(move) as server:
        await put_pod(api)
        prefix = f"{PROXY}/web:{server.port}"
        assert (await browser.ask(prefix)).headers["location"] == f"{prefix}/x/"


async def test_compressed_pages_are_rewritten_too(api: OwnApi, browser: Browser) -> None:
    packed = gzip.compress(PAGE)
    head = f'HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip\nETag: "x"\nContent-Length: {len(packed)}'
    async with backend(says(head, packed)) as server:
        await put_pod(api)
        prefix = f"{PROXY}/web:{server.port}"
        answer = await browser.ask(f"{prefix}/", headers={"Accept-Encoding": "br, gzip;q=0.8, zstd"})
        assert server.heard[0].headers["accept-encoding"] == "gzip;q=0.8"
    assert answer.body == rewritten(prefix)
    assert "content-encoding" not in answer.headers
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 200 OK\nContent-Type: text/plain",
        "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip",
        "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: br",
        "HTTP/1.1 206 Partial Content\nContent-Type: text/html",
        "HTTP/1.1 200 OK",
    ],
)
async def test_other_answers_are_left_alone(api: OwnApi, browser: Browser, head: str) -> None:
    async with backend(says(f"{head}\nETag: x\nContent-Length: {len(PAGE)}", PAGE)) as server:
        await put_pod(api)
        answer = await browser.ask(f"{PROXY}/web:{server.port}/")
    assert (answer.body, answer.headers["etag"], answer.headers["content-length"]) == (PAGE, "x", str(len(PAGE)))
    assert ("content-encoding" in answer.headers) is ("Content-Encoding" in head)


async def test_a_page_streams(api: OwnApi, browser: Browser) -> None:
    async def slowly(_: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<a href="/one">')
        assert await reader.read() == b""

    async with backend(slowly) as server:
        await put_pod(api)
        prefix = f"{PROXY}/web:{server.port}"
        async with browser.raw(f"GET {prefix}/ HTTP/1.1\nHost: localhost\n\n") as (reader, _):
            await reader.readuntil(f'<a href="{prefix}/one">'.encode())


async def test_a_page_that_cannot_be_unpacked_breaks_off(api: OwnApi, browser: Browser) -> None:
    packed = gzip.compress(PAGE)[:-4]
    head = f"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip\nContent-Length: {len(packed)}"
    async with backend(says(head, packed)) as server:
        await put_pod(api)
        async with browser.raw(f"GET {PROXY}/web:{server.port}/ HTTP/1.1\nHost: localhost\n\n") as (reader, _):
            assert not (await reader.read()).endswith(b"0\r\n\r\n")


async def test_links_keep_the_namespace_that_the_query_named(api: OwnApi, browser: Browser) -> None:
    page = b'<a href="/a"></a><a href="b?c#d"></a><a href="#e"></a>'
    async with backend(says(f"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {len(page)}", page)) as server:
        await put_pod(api, namespace="prod")
        prefix = f"{PROXY}/web:{server.port}"
        answer = await browser.ask(f"{prefix}/?namespace=prod")
    assert answer.text == (
        f'<a href="{prefix}/a?namespace=prod"></a><a href="b?c&amp;namespace=prod#d"></a><a href="#e"></a>'
    )
