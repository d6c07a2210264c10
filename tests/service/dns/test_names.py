"""Services are found by their names, as pods ask for them."""

from __future__ import annotations

import dns.flags
import dns.rcode
import dns.resolver
import pytest

from peapod.common.kinds import ENDPOINTS
from peapod.dns.messages import UDP_LEAST, UDP_MOST
from peapod.dns.server import Dns
from peapod.dns.zone import NEGATIVE_TTL, TTL
from tests.support.apiserver import OwnApi
from tests.support.dns import Client, Double, heard
from tests.support.service_objects import (
    make_endpoints,
    make_headless,
    make_service,
    remove_service,
    store_endpoints,
    store_service,
)

tcp = pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])


async def has(server: Dns, name: str, namespace: str = "default") -> None:
    await heard(server, lambda: (namespace, name) in server.services.objects)


@tcp
async def test_a_pod_finds_a_service_by_its_name_alone_and_with_its_namespace(
    api: OwnApi, server: Dns, client: Client, upstream: Double, tcp: bool
) -> None:
    await store_service(api, make_service("redis-master", "10.0.0.11", port=6379))
    await store_service(api, make_service("web", "10.0.0.12", namespace="team"))
    await has(server, "redis-master")
    await has(server, "web", "team")
    for name in ("redis-master", "redis-master.default", "Redis-Master.default.cluster.local"):
        assert await client.addresses(name, tcp=tcp) == ["10.0.0.11"]
    assert await client.addresses("web.team", tcp=tcp) == ["10.0.0.12"]
    with pytest.raises(dns.resolver.NXDOMAIN):
        await client.resolver.resolve("web.default.cluster.local.", tcp=tcp)
    assert not upstream.asked, "a name of the cluster is asked of nobody else"


async def test_an_answer_says_whose_it_is_and_how_long_it_may_be_kept(api: OwnApi, server: Dns, client: Client) -> None:
    await store_service(api, make_service("web", "10.0.0.11", port_name="http"))
    await has(server, "web")
    answer = await client.ask("WEB.default.cluster.local", use_edns=0, payload=4096)
    assert answer.flags & dns.flags.AA
    assert answer.flags & dns.flags.RA
    assert (answer.answer[0].ttl, answer.payload) == (TTL, UDP_MOST)
    (place,) = await client.resolver.resolve("_http._tcp.web.default.cluster.local", "SRV")
    assert (place.priority, place.weight, place.port, str(place.target)) == (10, 10, 80, "web.default.cluster.local.")
    (owner,) = await client.resolver.resolve_address("10.0.0.11")
    assert str(owner) == "web.default.cluster.local."
    for name, kind, code in (("web", "AAAA", dns.rcode.NOERROR), ("none", "A", dns.rcode.NXDOMAIN)):
        nothing = await client.ask(f"{name}.default.cluster.local", kind)
        assert (nothing.rcode(), nothing.answer) == (code, [])
        assert (nothing.authority[0].ttl, nothing.authority[0][0].minimum) == (NEGATIVE_TTL, NEGATIVE_TTL)


async def test_names_come_and_go_with_their_services(api: OwnApi, server: Dns, client: Client) -> None:
    with pytest.raises(dns.resolver.NXDOMAIN):
        await client.addresses("web.default.cluster.local.")
    await store_service(api, make_service("web", "10.0.0.11"))
    await has(server, "web")
    assert await client.addresses("web") == ["10.0.0.11"]
    await remove_service(api, "web")
    await heard(server, lambda: ("default", "web") not in server.services.objects)
    with pytest.raises(dns.resolver.NXDOMAIN):
        await client.addresses("web.default.cluster.local.")


@pytest.mark.parametrize("first", ["service", "endpoints"])
async def test_a_headless_service_is_where_its_pods_are(api: OwnApi, server: Dns, client: Client, first: str) -> None:
    endpoints = make_endpoints("db", {"10.1.0.1": "db-a", "10.1.0.2": "db-b"})
    if first == "service":
        await store_service(api, make_headless("db"))
        await has(server, "db")
        assert (await client.ask("db.default.cluster.local")).rcode() == dns.rcode.NOERROR
    stored = await store_endpoints(api, endpoints)
    if first == "endpoints":
        await heard(server, lambda: ("default", "db") in server.endpoints.objects)
        assert (await client.ask("db.default.cluster.local")).rcode() == dns.rcode.NXDOMAIN
        await store_service(api, make_headless("db"))
    await has(server, "db")
    await heard(server, lambda: ("default", "db") in server.endpoints.objects)
    assert await client.addresses("db") == ["10.1.0.1", "10.1.0.2"]
    assert await client.addresses("db-b.db") == ["10.1.0.2"]
    places = await client.resolver.resolve("db.default.cluster.local", "SRV")
    assert {(str(one.target), one.port) for one in places} == {
        (f"db-{letter}.db.default.cluster.local.", 8080) for letter in "ab"
    }
    del stored.subsets[0].addresses[0]
    await api.endpoints.update_endpoints(ENDPOINTS.request("Update", endpoints=stored))
    await heard(server, lambda: len(server.endpoints.objects["default", "db"].subsets[0].addresses) == 1)
    assert await client.addresses("db") == ["10.1.0.2"]


async def test_what_a_datagram_does_not_hold_is_asked_for_again_over_a_connection(
    api: OwnApi, server: Dns, client: Client
) -> None:
    pods = {f"10.1.{number // 200}.{number % 200}": f"db-{number}" for number in range(400)}
    await store_service(api, make_headless("db"))
    await store_endpoints(api, make_endpoints("db", pods))
    await heard(server, lambda: ("default", "db") in server.endpoints.objects)
    await has(server, "db")
    for options, most in (({}, UDP_LEAST), ({"use_edns": 0, "payload": 4096}, UDP_MOST)):
        short = await client.ask("db.default.cluster.local", **options)
        assert short.flags & dns.flags.TC
        assert len(short.to_wire()) <= most
    assert await client.addresses("db") == sorted(pods)
