"""Portals as clients find them, by whichever way they are made reachable: from a pod, from the node, from outside."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support import netns, portals
from tests.support.apiserver import OwnApi, running_apiserver
from tests.support.netns import Netns
from tests.support.portals import (
    NODE,
    OTHER,
    PORTAL,
    REFUSED,
    UDP,
    Network,
    Proxy,
    answering,
    asking,
    back,
    declare,
    serve,
    talking,
    who,
    withdraw,
)

METRICS = "127.0.0.1:9101"
SCRAPE = f"import urllib.request as web; print(web.urlopen('http://{METRICS}/metrics').read().decode())"


@pytest.fixture(params=["iptables", "userspace"])
def mode(request: pytest.FixtureRequest) -> str:
    if request.param == "iptables":
        netns.need("iptables-restore", "iptables-save", "conntrack")
    return str(request.param)


@pytest.fixture
def flags(mode: str) -> list[str]:
    return ["--mode", mode, "--portal-net", portals.PORTALS, "--metrics-address", METRICS]


@pytest.fixture
async def proxy(mode: str, flags: list[str], net: Network, api: OwnApi) -> AsyncGenerator[Proxy]:
    (portals.lead_away if mode == "iptables" else portals.lead_here)(net.node)
    async with answering(net, "a", "b", "c"), portals.running_proxy(net.node, api.address, *flags) as running:
        yield running


@pytest.fixture
def clients(net: Network) -> dict[str, Netns]:
    return {"pod c": net.pods["c"], "node": net.node}


async def test_a_portal_is_reached_from_a_pod_and_from_the_node(
    api: OwnApi, proxy: Proxy, clients: dict[str, Netns]
) -> None:
    await serve(api, proxy, "a")
    assert {name: await who(client, PORTAL) for name, client in clients.items()} == dict.fromkeys(clients, "a")


async def test_a_pod_reaches_itself(api: OwnApi, proxy: Proxy, net: Network) -> None:
    await serve(api, proxy, "a")
    async with talking(net.pods["a"], PORTAL) as conversation:
        assert conversation.name == "a"
        assert await conversation.echo("hello") == "hello"


async def test_datagrams_go_through_a_portal_both_ways(api: OwnApi, proxy: Proxy, clients: dict[str, Netns]) -> None:
    await serve(api, proxy, "a", protocol=UDP)
    for client in clients.values():
        with asking(client, PORTAL) as asker:
            assert [await asker.ask() for _ in range(3)] == ["a"] * 3


async def test_who_asks_is_spread_over_all_backends(api: OwnApi, proxy: Proxy, clients: dict[str, Netns]) -> None:
    await serve(api, proxy, "a", "b", "c")
    for client in clients.values():
        seen = Counter([await who(client, PORTAL) for _ in range(60)])
        assert seen.keys() == {"a", "b", "c"}
        # Fewer than 4 of 60 by chance happen once in a million runs.
        assert min(seen.values()) >= 4, seen


async def test_a_client_with_affinity_stays_with_its_backend_until_that_is_gone(
    api: OwnApi, proxy: Proxy, net: Network
) -> None:
    await serve(api, proxy, "a", "b", sticky=True)
    client = net.pods["c"]
    first = await who(client, PORTAL)
    assert [await who(client, PORTAL) for _ in range(20)] == [first] * 20
    await proxy.applied(endpoints=await back(api, "a", "b", "c"))
    assert [await who(client, PORTAL) for _ in range(20)] == [first] * 20
    (rest,) = {"a", "b"} - {first}
    await proxy.applied(endpoints=await back(api, rest))
    assert [await who(client, PORTAL) for _ in range(5)] == [rest] * 5


async def test_a_connection_goes_on_when_its_backend_is_taken_from_the_service(
    api: OwnApi, proxy: Proxy, clients: dict[str, Netns]
) -> None:
    await serve(api, proxy, "a")
    for old, new, client in zip("ab", "ba", clients.values(), strict=True):
        async with talking(client, PORTAL) as conversation:
            assert conversation.name == old
            await proxy.applied(endpoints=await back(api, new))
            assert await who(client, PORTAL) == new
            assert await conversation.echo("still here") == "still here"
            conversation.writer.write_eof()
            assert await conversation.line() == "end"


async def test_a_client_that_keeps_sending_datagrams_leaves_a_backend_that_is_gone(
    api: OwnApi, proxy: Proxy, clients: dict[str, Netns]
) -> None:
    await serve(api, proxy, "a", protocol=UDP)
    with asking(clients["pod c"], PORTAL) as pod, asking(clients["node"], PORTAL) as node:
        assert (await pod.ask(), await node.ask()) == ("a", "a")
        await proxy.applied(endpoints=await back(api, "b", protocol=UDP))
        assert (await pod.ask(), await node.ask()) == ("b", "b")


async def test_a_service_without_endpoints_refuses(api: OwnApi, proxy: Proxy, clients: dict[str, Netns]) -> None:
    await serve(api, proxy, "a")
    await proxy.applied(services=await declare(api, OTHER, name="names", protocol=UDP))
    await proxy.applied(endpoints=await back(api))
    for client in clients.values():
        with pytest.raises(ConnectionRefusedError):
            await who(client, PORTAL)
        with asking(client, OTHER) as asker, pytest.raises(REFUSED):
            await asker.ask()
    await proxy.applied(endpoints=await back(api, "b"))
    await proxy.applied(endpoints=await back(api, "b", name="names", protocol=UDP))
    for client in clients.values():
        assert await who(client, PORTAL) == "b"
        with asking(client, OTHER) as asker:
            assert await asker.ask() == "b"


async def test_a_service_that_is_deleted_refuses_and_others_go_on(
    api: OwnApi, proxy: Proxy, clients: dict[str, Netns]
) -> None:
    await serve(api, proxy, "a")
    await serve(api, proxy, "b", portal=OTHER, name="other")
    seen = len(proxy.lines)
    await withdraw(api)
    await proxy.says("removed default/web", seen)
    for client in clients.values():
        with pytest.raises(ConnectionRefusedError):
            await who(client, PORTAL)
        assert await who(client, OTHER) == "b"


async def test_a_service_without_a_portal_ip_has_no_portal(api: OwnApi, proxy: Proxy, net: Network) -> None:
    await declare(api, "None", name="headless")
    await back(api, "a", name="headless")
    await serve(api, proxy, "b")
    assert await who(net.pods["c"], PORTAL) == "b"
    assert not any("headless" in line for line in proxy.lines)


async def test_a_public_address_is_answered_for_to_who_comes_from_outside(
    api: OwnApi, proxy: Proxy, net: Network
) -> None:
    await serve(api, proxy, "a", public_ips=[NODE])
    for client in (net.outside, net.node, net.pods["c"]):
        assert await who(client, NODE) == "a"


async def test_a_pod_on_the_nodes_loopback_is_reached_from_the_node(api: OwnApi, proxy: Proxy, net: Network) -> None:
    async with answering(net, "n"):
        await serve(api, proxy, "n")
        async with talking(net.node, PORTAL) as conversation:
            assert conversation.name == "n"
            assert await conversation.echo("hello") == "hello"


async def test_prometheus_is_told_what_is_reachable(api: OwnApi, proxy: Proxy, net: Network, mode: str) -> None:
    await serve(api, proxy, "a", "b")
    async with talking(net.pods["c"], PORTAL):
        found = net.node.run(sys.executable, "-c", SCRAPE)
    own = {"iptables": "peapod_proxy_table_writes_total 1.0", "userspace": "peapod_proxy_connections 1.0"}
    for line in ("peapod_proxy_portals 1.0", "peapod_proxy_backends 2.0", own[mode]):
        assert line in found.splitlines()


async def test_a_proxy_that_is_killed_again_and_again_takes_up_where_the_last_one_was(
    api: OwnApi, proxy: Proxy, mode: str, clients: dict[str, Netns]
) -> None:
    await serve(api, proxy, "a")
    for pod in "bab":
        async with talking(clients["pod c"], PORTAL) as conversation:
            await proxy.kill()
            if mode == "iptables":
                # The kernel goes on alone.
                assert await conversation.echo("still here") == "still here"
                assert await who(clients["node"], PORTAL) == conversation.name
        endpoints = await back(api, pod)
        seen = len(proxy.lines)
        await proxy.start()
        await proxy.says("added default/web", seen)
        await proxy.applied(endpoints=endpoints)
        assert {await who(client, PORTAL) for client in clients.values()} == {pod}


async def test_while_the_apiserver_is_away_all_stays_as_it_was_told_last(
    tmp_path: Path, net: Network, mode: str, flags: list[str], clients: dict[str, Netns]
) -> None:
    (portals.lead_away if mode == "iptables" else portals.lead_here)(net.node)
    store, address = tmp_path / "peapod.db", f"unix:{tmp_path}/api.sock"
    async with (
        answering(net, "a", "b"),
        portals.running_proxy(net.node, address, *flags, "--sync-seconds", "0.2") as proxy,
    ):
        async with running_apiserver(store, address=address) as api:
            await serve(api, proxy, "a")
        await proxy.says("endpoints: lost the watch")
        assert {await who(client, PORTAL) for client in clients.values()} == {"a"}
        async with running_apiserver(store, address=address) as api:
            await proxy.applied(endpoints=await back(api, "b"))
            assert {await who(client, PORTAL) for client in clients.values()} == {"b"}


async def test_many_connections_at_once_each_hear_their_own(api: OwnApi, proxy: Proxy, net: Network) -> None:
    await serve(api, proxy, "a", "b")
    numbers = itertools.count()

    async def talk() -> None:
        async with talking(net.pods["c"], PORTAL) as conversation:
            for _ in range(5):
                word = f"word-{next(numbers)}"
                assert await conversation.echo(word) == word

    async with asyncio.TaskGroup() as group:
        for _ in range(40):
            group.create_task(talk())
