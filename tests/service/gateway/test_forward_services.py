"""Requests that the gateway passes on to services: to whichever of their endpoints it chooses."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from peapod.common.kinds import ENDPOINTS, SERVICE
from peapod.v1 import endpoints_pb2, meta_pb2, pod_pb2, service_pb2
from tests.support.apiserver import OwnApi
from tests.support.forwarding import Browser, backend, says
from tests.support.kinds import Objects

PROXY = "/api/v1beta1/proxy/services"
TRIES = 64


async def put_service(api: OwnApi, name: str = "db", *, namespace: str = "default") -> None:
    service = service_pb2.Service(metadata=meta_pb2.ObjectMeta(name=name, namespace=namespace))
    service.spec.ports.add(port=80)
    await Objects(SERVICE, api.channel).create(service)


async def put_endpoints(
    api: OwnApi, *subsets: tuple[str, Iterable[int]], name: str = "db", namespace: str = "default"
) -> None:
    """Say where a service answers; each subset is one name of a port, and its number at an address of its own."""
    endpoints = endpoints_pb2.Endpoints(metadata=meta_pb2.ObjectMeta(name=name, namespace=namespace))
    for port, numbers in subsets:
        for number in numbers:
            subset = endpoints.subsets.add()
            subset.addresses.add(ip="127.0.0.1")
            subset.ports.add(name=port, port=number, protocol=pod_pb2.PROTOCOL_TCP)
    await Objects(ENDPOINTS, api.channel).create(endpoints)


async def test_each_endpoint_of_a_service_has_its_share(api: OwnApi, browser: Browser) -> None:
    async with backend() as first, backend() as second, backend() as named:
        await put_service(api)
        await put_endpoints(api, ("", [first.port, second.port]), ("admin", [named.port]))
        for _ in range(TRIES):
            assert (await browser.ask(f"{PROXY}/db/x")).status == 200
        assert len(first.heard) + len(second.heard) == TRIES
        assert first.heard
        assert second.heard
        assert (await browser.ask(f"{PROXY}/db:admin/x?y")).status == 200
        assert [heard.target for heard in named.heard] == ["/x?y"]


@pytest.mark.parametrize(
    ("path", "namespace"),
    [
        ("/api/v1beta2/proxy/services/db/", "default"),
        ("/api/v1beta1/proxy/services/db/?namespace=prod", "prod"),
        ("/api/v1beta3/proxy/namespaces/prod/services/db/", "prod"),
    ],
)
async def test_every_version_finds_services(api: OwnApi, browser: Browser, path: str, namespace: str) -> None:
    async with backend() as server:
        await put_endpoints(api, ("", [server.port]), namespace=namespace)
        assert (await browser.ask(path)).status == 200
        redirected = await browser.ask(path.rstrip("/").replace("proxy", "redirect").replace("/?", "?"))
    assert (redirected.status, redirected.headers["location"]) == (307, f"http://127.0.0.1:{server.port}")


async def test_links_of_pages_lead_to_the_service_again(api: OwnApi, browser: Browser) -> None:
    page = b'<a href="/next">'
    async with backend(says(f"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {len(page)}", page)) as server:
        await put_endpoints(api, ("web", [server.port]))
        assert (await browser.ask(f"{PROXY}/db:web/")).text == f'<a href="{PROXY}/db:web/next">'


async def test_websockets_of_services_are_passed_on(api: OwnApi, browser: Browser) -> None:
    async def echo(socket: ServerConnection) -> None:
        async for message in socket:
            await socket.send(message)

    async with serve(echo, "127.0.0.1", 0) as server:
        (listener,) = server.sockets
        await put_endpoints(api, ("", [listener.getsockname()[1]]))
        async with connect(f"ws://{browser.address}{PROXY}/db/", proxy=None) as socket:
            await socket.send("hello")
            assert await socket.recv() == "hello"


async def test_a_service_that_nobody_answers_for_is_unavailable(api: OwnApi, browser: Browser) -> None:
    await put_service(api)
    await put_service(api, "other")
    await put_endpoints(api, ("web", [80]), name="other")
    for path, message in (
        ("db/", 'service "db" has no endpoints'),
        ("other/", 'service "other" has no endpoints with a port without a name'),
        ("other:admin/", 'service "other" has no endpoints with a port named "admin"'),
    ):
        answer = await browser.ask(f"{PROXY}/{path}")
        assert (answer.status, answer.json["message"]) == (503, message)
    answer = await browser.ask(f"{PROXY}/none/")
    assert (answer.status, answer.json["message"]) == (404, 'service "none" not found')
    assert (await browser.ask("/api/v1beta1/redirect/services/db")).status == 503


async def test_an_endpoint_that_cannot_be_reached_is_named(api: OwnApi, browser: Browser) -> None:
    async with backend() as gone:
        pass
    await put_endpoints(api, ("", [gone.port]))
    answer = await browser.ask(f"{PROXY}/db/")
    assert (answer.status, answer.text.splitlines()[0]) == (503, "Error: 'connection refused'")
