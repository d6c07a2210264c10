"""Requests that the gateway passes on to pods: what reaches them, and what comes back."""

from __future__ import annotations

import asyncio

import pytest

from peapod.v1 import pod_pb2
from tests.support.apiserver import OwnApi
from tests.support.forwarding import (
    Browser,
    Heard,
    backend,
    head_of,
    put_pod,
    running_gateway,
    says,
)

PROXY = "/api/v1beta1/proxy/pods"
PIECE = b"x" * 65536
PIECES = 1024
HELD_MOST = PIECES // 2
"""Of the pieces of 64 KiB: what a slow reader must not make anybody hold."""


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"])
async def test_every_method_passes_with_its_query_and_its_body(api: OwnApi, browser: Browser, method: str) -> None:
    async with backend() as server:
        await put_pod(api)
        path = f"{PROXY}/web:{server.port}/a%2Fb/%7Ec?x=1&y=%20z&x=2"
        answer = await browser.ask(path, method, b"the body")
        assert answer.status == 200
        told, target, headers, body = answer.json
    assert (told, target, body) == (method, "/a%2Fb/%7Ec?x=1&y=%20z&x=2", "the body")
    assert headers["host"] == f"127.0.0.1:{server.port}"


async def test_a_head_is_asked_for_alone(api: OwnApi, browser: Browser) -> None:
    async with backend() as server:
        await put_pod(api)
        answer = await browser.ask(f"{PROXY}/web:{server.port}/", "HEAD")
        assert (answer.status, answer.body, server.heard[0].method) == (200, b"", "HEAD")
        assert int(answer.headers["content-length"]) > 0


async def test_headers_between_neighbours_go_no_further(api: OwnApi, browser: Browser) -> None:
    head = "HTTP/1.1 200 OK\nConnection: X-Private\nX-Private: 1\nX-Public: 2\nKeep-Alive: timeout=5\nContent-Length: 0"
    async with backend(says(head)) as server:
        await put_pod(api)
        sent = {"Connection": "X-Mine", "X-Mine": "1", "X-Yours": "2", "TE": "trailers", "Proxy-Authorization": "no"}
        answer = await browser.ask(f"{PROXY}/web:{server.port}/", headers=sent)
        heard = server.heard[0].headers
    assert "x-private" not in answer.headers
    assert "keep-alive" not in answer.headers
    assert answer.headers["x-public"] == "2"
    assert not {"x-mine", "te", "proxy-authorization"} & heard.keys()
    assert heard["x-yours"] == "2"


async def test_a_server_is_told_who_asked_whom_for_what(api: OwnApi, browser: Browser) -> None:
    async with backend() as server:
        await put_pod(api)
        path = f"{PROXY}/web:{server.port}/page"
        await browser.ask(f"{path}?a=b", headers={"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Host": "liar"})
        heard = server.heard[0].headers
    assert heard["x-forwarded-for"] == "10.9.8.7, 127.0.0.1"
    assert heard["x-forwarded-host"] == browser.address
    assert heard["x-forwarded-proto"] == "http"
    assert heard["x-forwarded-uri"] == path


async def test_the_port_is_the_given_one_or_the_named_one_or_the_first_declared(api: OwnApi, browser: Browser) -> None:
    async with backend() as first, backend() as second:
        await put_pod(api, ports={"main": first.port, "side": second.port})
        for port, server in (("", first), (":side", second), (f":{second.port}", second)):
            before = len(server.heard)
            assert (await browser.ask(f"{PROXY}/web{port}/")).status == 200
            assert len(server.heard) == before + 1


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/api/v1beta1/proxy/pods/web{port}", "/"),
        ("/api/v1beta2/proxy/pods/web{port}/x", "/x"),
        ("/api/v1beta1/proxy/pods/web{port}/x/?namespace=other", "/x/?namespace=other"),
        ("/api/v1beta3/proxy/namespaces/other/pods/web{port}/x?namespace=nowhere", "/x?namespace=nowhere"),
    ],
)
async def test_every_version_has_its_own_place_for_the_namespace(
    api: OwnApi, browser: Browser, path: str, target: str
) -> None:
    async with backend() as server:
        namespace = "other" if "other" in path else "default"
        await put_pod(api, namespace=namespace)
        assert (await browser.ask(path.format(port=f":{server.port}"))).status == 200
        assert server.heard[0].target == target


async def test_what_is_not_there_is_said(api: OwnApi, browser: Browser) -> None:
    await put_pod(api)
    await put_pod(api, "new", ip="")
    await put_pod(api, "old", status=pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_FAILED))
    await put_pod(api, "odd", ip="example.com")
    answers = {
        path: await browser.ask(path)
        for path in (
            f"{PROXY}/none/",
            f"{PROXY}/new/",
            f"{PROXY}/old/",
            f"{PROXY}/odd/",
            f"{PROXY}/web:70000/",
            f"{PROXY}/web:http/",
            f"{PROXY}/web/?namespace=",
            "/api/v1beta1/proxy/secrets/x/",
            "/api/v1beta1/proxy/",
            "/api/v1beta3/proxy/pods/web/",
            "/api/v1beta3/proxy/minions/n1/",
        )
    }
    assert [answer.status for answer in answers.values()] == [404, 503, 503, 503, 400, 400, 400, 404, 404, 404, 404]
    assert answers[f"{PROXY}/new/"].json["message"] == 'pod "new" has no address yet'
    assert answers[f"{PROXY}/web/?namespace="].json["message"] == "Namespace parameter required."
    assert all("Traceback" not in answer.text for answer in answers.values())
    assert (await browser.ask(f"{PROXY}/web/", "TRACE")).status == 405


async def test_a_server_that_cannot_be_reached_is_named(api: OwnApi, browser: Browser) -> None:
    await put_pod(api)
    async with backend() as gone:
        port = gone.port
    answer = await browser.ask(f"{PROXY}/web:{port}/x?y")
    expected = f"Error: 'connection refused'\nTrying to reach: 'http://127.0.0.1:{port}/x?y'"
    assert (answer.status, answer.text) == (503, expected)
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("head", ["SSH-2.0-nothing of the kind", "HTTP/1.1 999 Odd", "HTTP/1.1 101 Switching"])
async def test_a_server_that_speaks_something_else_is_named(api: OwnApi, browser: Browser, head: str) -> None:
    async with backend(says(head)) as server:
        await put_pod(api)
        answer = await browser.ask(f"{PROXY}/web:{server.port}/")
    assert answer.status == 503
    assert answer.text.startswith("Error: 'malformed HTTP response")


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_that_has_no_body_has_none(api: OwnApi, browser: Browser, status: int) -> None:
    async with backend(says(f"HTTP/1.1 {status} Fine\nContent-Length: 7\nETag: x")) as server:
        await put_pod(api)
        answer = await browser.ask(f"{PROXY}/web:{server.port}/")
    assert (answer.status, answer.body, answer.headers["etag"]) == (status, b"", "x")


async def test_interim_answers_are_not_taken_for_the_answer(api: OwnApi, browser: Browser) -> None:
    head = "HTTP/1.1 103 Early Hints\nLink: x\n\nHTTP/1.1 201 Created\nContent-Length: 2"
    async with backend(says(head, b"ok")) as server:
        await put_pod(api)
        answer = await browser.ask(f"{PROXY}/web:{server.port}/", "POST", b"")
    assert (answer.status, answer.text) == (201, "ok")


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
        head = f"POST {PROXY}/web:{server.port}/ HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n"
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
        async with browser.raw(f"GET {PROXY}/web:{server.port}/ HTTP/1.1\nHost: x\n\n") as (reader, _):
            await server.asked()
            if begun:
                await reader.readuntil(b"first")
            assert not over.is_set()
        async with asyncio.timeout(10):
            await over.wait()


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
async def test_an_answer_that_breaks_off_is_broken_off(api: OwnApi, browser: Browser, framing: str) -> None:
    async def hang_up(_: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nhalf \r\n".encode())

    async with backend(hang_up) as server:
        await put_pod(api)
        async with browser.raw(f"GET {PROXY}/web:{server.port}/ HTTP/1.1\nHost: x\n\n") as (reader, _):
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
        async with browser.raw(f"GET {PROXY}/web:{server.port}/ HTTP/1.1\nHost: x\n\n") as (reader, _):
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
        head = f"PUT {PROXY}/web:{server.port}/ HTTP/1.1\nHost: x\nContent-Length: {len(PIECE) * PIECES}\n\n"
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
        head = f"PUT {PROXY}/web:{server.port}/ HTTP/1.1\nHost: x\nContent-Length: {length}\n\n"
        async with browser.raw(head) as (reader, writer):
            writer.write(PIECE)
            assert "413 " in await head_of(reader)
            assert await reader.readexactly(4) == b"less"


async def test_a_request_may_wait_for_leave_to_send_its_body(api: OwnApi, browser: Browser) -> None:
    async with backend() as server:
        await put_pod(api)
        head = f"PUT {PROXY}/web:{server.port}/ HTTP/1.1\nHost: x\nExpect: 100-continue\nContent-Length: 4\n\n"
        async with browser.raw(head) as (reader, writer):
            assert "100 Continue" in await head_of(reader)
            writer.write(b"body")
            assert "200 OK" in await head_of(reader)
    assert "expect" not in server.heard[0].headers


async def test_an_apiserver_that_is_away_is_said() -> None:
    async with running_gateway("127.0.0.1:1") as gateway:
        answer = await Browser(gateway.web.address).ask(f"{PROXY}/web/")
    assert answer.status == 503
