"""Requests that the gateway passes on to pods: what reaches them, and what comes back."""

from __future__ import annotations

import pytest

from peapod.v1 import pod_pb2
from tests.support.apiserver import OwnApi
from tests.support.forwarding import (
    Browser,
    backend,
    head_of,
    put_pod,
    running_gateway,
    says,
)

PROXY = "/api/v1beta1/proxy/pods"


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


async def test_a_request_may_wait_for_leave_to_send_its_body(api: OwnApi, browser: Browser) -> None:
    async with backend() as server:
        await put_pod(api)
        head = f"PUT {PROXY}/web:{server.port}/ HTTP/1.1\nHost: localhost\nExpect: 100-continue\nContent-Length: 4\n\n"
        async with browser.raw(head) as (reader, writer):
            assert "100 Continue" in await head_of(reader)
            writer.write(b"body")
            assert "200 OK" in await head_of(reader)
    assert "expect" not in server.heard[0].headers


async def test_an_apiserver_that_is_away_is_said() -> None:
    async with running_gateway("127.0.0.1:1") as gateway:
        answer = await Browser(gateway.web.address).ask(f"{PROXY}/web/")
    assert answer.status == 503
