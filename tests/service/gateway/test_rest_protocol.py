"""HTTP itself, byte by byte, as clients from outside speak it."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from peapod.common import address as addresses
from peapod.gateway import request as requests
from tests.support.apiserver import running_apiserver
from tests.support.gateway import Pair, running_own_gateway
from tests.support.raw_http import SECONDS, ask, everything, opened, spoken
from tests.support.rest_documents import pod

PODS = "/api/v1beta1/pods"


def make(rest: str, ns: str, *names: str) -> None:
    for name in names:
        assert ask(rest, "POST", f"{PODS}?namespace={ns}", pod(name)).status == 201


def test_a_connection_is_kept_over_answers_of_every_kind(rest: str, ns: str) -> None:
    make(rest, ns, "a")
    connection = http.client.HTTPConnection(*addresses.parse(rest), timeout=SECONDS)
    try:
        connection.connect()
        first = connection.sock
        for method, path, status in (
            ("GET", f"{PODS}?namespace={ns}", 200),
            ("GET", f"{PODS}/none?namespace={ns}", 404),
            ("HEAD", f"{PODS}/a?namespace={ns}", 200),
            ("DELETE", PODS, 405),
            ("GET", "/nothing/at/all", 200),
            ("POST", f"{PODS}?namespace={ns}", 400),
        ):
            connection.request(method, path, b"{" if method == "POST" else None)
            answer = connection.getresponse()
            answer.read()
            assert (answer.status, answer.getheader("Connection")) == (status, None)
        assert connection.sock is first
    finally:
        connection.close()


def test_requests_in_a_row_are_answered_in_their_order(rest: str, ns: str) -> None:
    make(rest, ns, "a", "b")
    asked = b"".join(
        b"GET %s/%s?namespace=%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (PODS.encode(), name, ns.encode(), more)
        for name, more in ((b"a", b""), (b"none", b""), (b"b", b"Connection: close\r\n"))
    )
    answered = spoken(rest, asked)
    assert re.findall(rb"HTTP/1.1 ([0-9]+) ", answered) == [b"200", b"404", b"200"]
    assert answered.index(b'"id": "a"') < answered.index(b'"id": "none"') < answered.index(b'"id": "b"')


def test_a_request_may_come_byte_by_byte(rest: str, ns: str) -> None:
    body = json.dumps(pod("a")).encode()
    head = f"POST {PODS}?namespace={ns} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    with opened(rest) as connection:
        for byte in head.encode() + body:
            connection.sendall(bytes((byte,)))
        assert everything(connection).startswith(b"HTTP/1.1 201 Created\r\n")


def test_a_client_of_the_first_http_reads_to_the_end_of_the_connection(rest: str, ns: str) -> None:
    make(rest, ns, *(f"pod-{number}" for number in range(5)))
    for more in (b"", b"Accept-Encoding: gzip\r\n"):
        answered = spoken(rest, b"GET %s?namespace=%s HTTP/1.0\r\n%s\r\n" % (PODS.encode(), ns.encode(), more))
        head, _, body = answered.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"connection: close" in head
        assert b"chunked" not in head
        assert len(json.loads(gzip.decompress(body) if more else body)["items"]) == 5


def test_the_watch_of_a_client_of_the_first_http_has_no_chunks(rest: str, ns: str) -> None:
    make(rest, ns, "a")
    asked = b"GET %s?namespace=%s&watch=1 HTTP/1.0\r\n\r\n" % (PODS.encode(), ns.encode())
    with opened(rest, asked) as connection, connection.makefile("rb") as lines:
        while lines.readline() != b"\r\n":
            pass
        assert json.loads(lines.readline())["type"] == "ADDED"
        make(rest, ns, "b")
        assert json.loads(lines.readline())["object"]["id"] == "b"


def test_what_is_long_is_compressed_for_who_reads_that(rest: str, ns: str) -> None:
    make(rest, ns, *(f"pod-{number}" for number in range(5)))
    listing, one = f"{PODS}?namespace={ns}", f"{PODS}/pod-0?namespace={ns}"
    plain = ask(rest, "GET", listing)
    assert plain.headers["Content-Encoding"] is None
    for accepted in ("gzip", "deflate, gzip;q=1.0, *;q=0.5", "GZIP"):
        answer = ask(rest, "GET", listing, headers={"Accept-Encoding": accepted})
        assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "accept-encoding")
        assert gzip.decompress(answer.body) == plain.body
    for accepted in ("identity", "gzip;q=0", "gzip; q=0.00, deflate", "br"):
        answer = ask(rest, "GET", listing, headers={"Accept-Encoding": accepted})
        assert (answer.headers["Content-Encoding"], answer.body) == (None, plain.body)
    short = ask(rest, "GET", one, headers={"Accept-Encoding": "gzip"})
    assert short.headers["Content-Encoding"] is None
    head = ask(rest, "HEAD", listing, headers={"Accept-Encoding": "gzip"})
    assert (head.status, head.body) == (200, b"")


def test_a_body_that_is_said_to_be_huge_is_not_waited_for(rest: str, ns: str) -> None:
    length = requests.BODY_MOST + 1
    asked = f"POST {PODS}?namespace={ns} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    with opened(rest, asked.encode()) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    answer = ask(rest, "POST", f"{PODS}?namespace={ns}", b" " * length)
    assert (answer.status, answer.json["reason"]) == (413, "RequestEntityTooLarge")


def test_a_body_that_turns_out_to_be_huge_is_refused(rest: str, ns: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * (1 << 16)

    connection = http.client.HTTPConnection(*addresses.parse(rest), timeout=SECONDS)
    try:
        connection.request("POST", f"{PODS}?namespace={ns}", pieces(), {}, encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["reason"]) == (413, "RequestEntityTooLarge")
    finally:
        connection.close()


def test_a_body_as_large_as_may_be_is_read(rest: str, ns: str) -> None:
    body = json.dumps(pod("a")).encode()
    made = ask(rest, "POST", f"{PODS}?namespace={ns}", body + b" " * (requests.BODY_MOST - len(body)))
    assert made.status == 201


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(rest: str, ns: str) -> None:
    body = json.dumps(pod("a")).encode()
    head = (
        f"POST {PODS}?namespace={ns} HTTP/1.1\r\nHost: [::1]\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n"
    )
    with opened(rest, f"{head}Connection: close\r\n\r\n".encode()) as connection:
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert everything(connection).startswith(b"HTTP/1.1 201 Created\r\n")


@pytest.mark.parametrize(
    "asked",
    [
        b"nonsense\r\n\r\n",
        b"GET /api/v1beta1/pods HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /api/v1beta1/pods HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1beta1/pods HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"POST /api/v1beta1/pods HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_the_connection_closed(rest: str, asked: bytes) -> None:
    assert spoken(rest, asked).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("asked", [b"GET /", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "], ids=["path", "header"])
def test_a_head_without_end_is_cut_off(pair: Pair, asked: bytes) -> None:
    with opened(pair.address, asked) as connection, pytest.raises(ConnectionError):
        connection.sendall(b"a" * (64 << 20))


def test_any_byte_in_a_path_is_answered(rest: str) -> None:
    for number in range(256):
        assert ask(rest, "GET", f"{PODS}/%{number:02x}").status in (400, 404)
    for raw in (b"\xff", b"\xc3\xa9", b"{}", b"|", b'"', b"<>", b"^", b"%zz", b"%"):
        answered = spoken(
            rest, b"GET %s/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % (PODS.encode(), raw)
        )
        assert answered[:13] in (b"HTTP/1.1 400 ", b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("query", "code", "reason"),
    [
        ("timeout=soon", 400, "BadRequest"),
        ("timeout=5", 400, "BadRequest"),
        ("timeout=-5s", 400, "BadRequest"),
        ("labels=%ff", 400, "BadRequest"),
        ("resourceVersion=x", 422, "Invalid"),
        ("resourceVersion=-1", 422, "Invalid"),
        ("resourceVersion=99999999999999999999", 422, "Invalid"),
        ("resourceVersion=" + "1" * 5000, 422, "Invalid"),
        ("resourceVersion=%D9%A3", 422, "Invalid"),
    ],
)
def test_a_query_that_cannot_be_understood_is_refused(rest: str, query: str, code: int, reason: str) -> None:
    answer = ask(rest, "GET", f"{PODS}?watch=1&{query}")
    assert (answer.status, answer.json["reason"]) == (code, reason)


@pytest.mark.parametrize("query", ["timeout=4m0s", "timeout=0", "timeout=1h0m0.5s", "pretty=1", "a=b&&c", "=", "x=%00"])
def test_other_queries_are_taken(rest: str, ns: str, query: str) -> None:
    assert ask(rest, "POST", f"{PODS}?namespace={ns}&{query}", pod("a")).status == 201


async def test_a_write_that_takes_too_long_is_answered_with_504(pair: Pair, ns: str) -> None:
    pair.apiserver.pause()
    try:
        started = time.monotonic()
        for method, path in (("POST", PODS), ("PUT", f"{PODS}/a"), ("PATCH", f"{PODS}/a"), ("DELETE", f"{PODS}/a")):
            body = None if method == "DELETE" else pod("a", resourceVersion=1)
            query = f"?namespace={ns}&timeout=200ms"
            answer = await asyncio.to_thread(ask, pair.address, method, path + query, body)
            assert (answer.status, answer.json["reason"], answer.json["code"]) == (504, "Timeout", 504)
        assert time.monotonic() - started < 10
    finally:
        pair.apiserver.resume()


@pytest.fixture
async def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr(requests, "BODY_SECONDS", 0.3)
    async with running_apiserver(tmp_path / "db") as api, running_own_gateway(api.address) as gateway:
        yield gateway.web.address


async def test_a_body_that_does_not_come_is_waited_for_only_so_long(impatient: str) -> None:
    def wait() -> bytes:
        head = f"POST {PODS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
        with opened(impatient, head.encode() + b"{") as connection:
            return everything(connection)

    answered = await asyncio.to_thread(wait)
    assert answered.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"connection: close" in answered
    assert b'"reason": "RequestTimeout"' in answered


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "body", [b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"]
)
def test_an_upgrade_with_a_body_is_refused(rest: str, ns: str, method: str, body: bytes) -> None:
    head = b"Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a\r\n"
    asked = b"%s %s?namespace=%s HTTP/1.1\r\nHost: localhost\r\n" % (method.encode(), PODS.encode(), ns.encode())
    assert spoken(rest, asked + head + body).startswith(b"HTTP/1.1 400 ")


def test_an_upgrade_to_what_is_not_spoken_is_passed_over(rest: str, ns: str) -> None:
    spdy = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"}
    assert ask(rest, "POST", f"{PODS}?namespace={ns}", pod("a")).status == 201
    assert ask(rest, "GET", f"{PODS}/a?namespace={ns}", None, spdy).status == 200
    assert ask(rest, "DELETE", f"{PODS}/a?namespace={ns}", None, spdy).status == 200


def test_refused_websockets_are_no_errors_of_the_server(pair: Pair) -> None:
    key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    for path in (PODS, "/api/v1beta1/nothing", "/nothing"):
        asked = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{key}\r\n"
        assert spoken(pair.address, asked.encode())[:12] in (b"HTTP/1.1 403", b"HTTP/1.1 404", b"HTTP/1.1 405")
    assert " ERROR " not in pair.log.read_text()
