"""What the kernel is told, and what it is not: the rules of others, and who comes from where."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support import netns, portals
from tests.support.apiserver import OwnApi
from tests.support.netns import Netns
from tests.support.portals import (
    NODE,
    OTHER,
    PORTAL,
    Network,
    Proxy,
    answering,
    back,
    running_proxy,
    serve,
    talking,
    who,
    withdraw,
)

FLAGS = ("--mode", "iptables", "--sync-seconds", "0.2", "--log-level", "debug")


@pytest.fixture(autouse=True)
def _needs() -> None:
    netns.need("iptables-restore", "iptables-save", "conntrack")


@pytest.fixture
async def proxy(net: Network, api: OwnApi) -> AsyncGenerator[Proxy]:
    portals.lead_away(net.node)
    async with answering(net, "a", "b"), running_proxy(net.node, api.address, *FLAGS) as running:
        yield running


def rules(node: Netns) -> list[str]:
    """All rules, and all chains, without what the kernel counts."""
    saved = node.run("iptables-save", "-t", "nat") + node.run("iptables-save", "-t", "filter")
    return [line.partition(" [")[0] for line in saved.splitlines() if line.startswith((":", "-"))]


async def test_a_pod_sees_who_asks_where_its_answer_finds_the_way_back(api: OwnApi, proxy: Proxy, net: Network) -> None:
    await serve(api, proxy, "a", public_ips=[NODE])
    async with talking(net.pods["c"], PORTAL) as conversation:
        assert conversation.seen == net.address("c")
    async with talking(net.outside, NODE) as conversation:
        assert conversation.seen == "10.253.1.1"


async def test_answers_find_the_way_back_where_the_rules_do_not_hear_a_bridge(
    api: OwnApi, proxy: Proxy, net: Network
) -> None:
    await serve(api, proxy, "a")
    seen = len(proxy.lines)
    net.node.run("sh", "-c", "echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables")
    await proxy.says("wrote", seen)
    async with talking(net.pods["c"], PORTAL) as conversation:
        assert conversation.seen == "10.253.1.1"
        assert await conversation.echo("hello") == "hello"


async def test_who_comes_from_outside_passes_a_node_that_passes_nothing_on(
    api: OwnApi, proxy: Proxy, net: Network
) -> None:
    net.node.run("iptables", "-P", "FORWARD", "DROP")
    await serve(api, proxy, "a", public_ips=[NODE])
    async with talking(net.outside, NODE) as conversation:
        assert await conversation.echo("hello") == "hello"


@pytest.mark.parametrize(
    "harm",
    [
        ["iptables", "-t", "nat", "-F"],
        ["iptables", "-F"],
        ["iptables", "-t", "nat", "-F", "PEAPOD-SERVICES"],
        ["iptables", "-t", "nat", "-D", "OUTPUT", "1"],
        ["iptables", "-t", "nat", "-I", "PEAPOD-SERVICES", "-j", "RETURN"],
        ["sh", "-c", "printf '*nat\\nCOMMIT\\n' | iptables-restore"],
    ],
    ids=" ".join,
)
async def test_rules_that_somebody_undoes_are_written_anew(
    api: OwnApi, proxy: Proxy, net: Network, harm: list[str]
) -> None:
    await serve(api, proxy, "a")
    await serve(api, proxy, portal=OTHER, name="other")
    before = rules(net.node)
    seen = len(proxy.lines)
    net.node.run(*harm)
    await proxy.says("wrote them anew", seen)
    assert sorted(rules(net.node)) == sorted(before)
    assert await who(net.node, PORTAL) == "a"


async def test_rules_are_written_only_when_something_has_changed(api: OwnApi, proxy: Proxy, net: Network) -> None:
    await serve(api, proxy, "a")
    await who(net.node, PORTAL)
    # Whoever writes a chain starts the counts of its rules over.
    assert "[1:60] -A PEAPOD-SERVICES" in net.node.run("iptables-save", "-c", "-t", "nat")
    await proxy.says("all is as it must be", len(proxy.lines), times=3)
    assert "[1:60] -A PEAPOD-SERVICES" in net.node.run("iptables-save", "-c", "-t", "nat")


async def test_the_rules_of_others_are_left_alone(api: OwnApi, proxy: Proxy, net: Network) -> None:
    net.node.run("iptables", "-t", "nat", "-N", "OTHERS")
    net.node.run("iptables", "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "--dport", "9", "-j", "OTHERS")
    net.node.run("iptables", "-A", "INPUT", "-s", "203.0.113.9/32", "-j", "DROP")
    before = rules(net.node)
    await serve(api, proxy, "a")
    assert {*before} < {*rules(net.node)}
    seen = len(proxy.lines)
    await withdraw(api)
    await proxy.says("removed default/web", seen)
    assert sorted(rules(net.node)) == sorted(before)


async def test_cleaning_up_removes_all_that_a_proxy_has_left(api: OwnApi, proxy: Proxy, net: Network) -> None:
    before = rules(net.node)
    await serve(api, proxy, "a", "b", sticky=True)
    await serve(api, proxy, portal=OTHER, name="other")
    assert await proxy.stop() == 0
    assert await who(net.node, PORTAL) in ("a", "b")
    written = sum(rule.startswith(":PEAPOD-") for rule in rules(net.node))
    for chains in (written, 0):
        async with running_proxy(net.node, api.address, "--cleanup") as cleaner:
            assert await cleaner.ended() == 0
        assert any(f"removed {chains} chains" in line for line in cleaner.lines), cleaner.lines
        assert sorted(rules(net.node)) == sorted(before)


async def test_affinity_outlives_the_proxy(api: OwnApi, proxy: Proxy, net: Network) -> None:
    await serve(api, proxy, "a", "b", sticky=True)
    first = await who(net.pods["c"], PORTAL)
    for _ in range(3):
        await proxy.kill()
        seen = len(proxy.lines)
        await proxy.start()
        await proxy.says("added default/web", seen)
        assert [await who(net.pods["c"], PORTAL) for _ in range(6)] == [first] * 6


async def test_nothing_is_touched_before_all_services_are_known(net: Network, api: OwnApi, proxy: Proxy) -> None:
    await serve(api, proxy, "a")
    await proxy.kill()
    before = rules(net.node)
    async with running_proxy(net.node, "127.0.0.1:1", *FLAGS) as blind:
        await blind.says("waits for the apiserver")
        assert rules(net.node) == before
    assert await who(net.node, PORTAL) == "a"


async def test_without_a_right_to_rules_this_process_carries_connections(net: Network, api: OwnApi) -> None:
    portals.lead_here(net.node)
    unprivileged = ("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin", "--")
    async with answering(net, "a"), running_proxy(net.node, api.address, through=unprivileged) as proxy:
        await proxy.says("mode userspace")
        await serve(api, proxy, "a")
        assert await who(net.pods["c"], PORTAL) == "a"
    async with running_proxy(net.node, api.address, "--mode", "iptables", through=unprivileged) as proxy:
        assert await proxy.ended() == 1
    assert len(proxy.lines) == 1
    assert "--mode iptables cannot work here" in proxy.lines[0]


async def test_a_node_with_rights_has_the_kernel_carry_connections(net: Network, api: OwnApi) -> None:
    portals.lead_away(net.node)
    async with answering(net, "a"), running_proxy(net.node, api.address) as proxy:
        await serve(api, proxy, "a")
        assert any("iptables: added default/web" in line for line in proxy.lines)
        await proxy.applied(endpoints=await back(api))
        with pytest.raises(ConnectionRefusedError):
            await who(net.pods["c"], PORTAL)


async def test_a_kernel_that_refuses_is_asked_again(net: Network, api: OwnApi, tmp_path: Path) -> None:
    portals.lead_away(net.node)
    refusing = tmp_path / "iptables-restore"
    refusing.write_text('#!/bin/sh\nrm "$0"\necho no room >&2\nexit 4\n')
    refusing.chmod(0o755)
    through = ("env", f"PATH={tmp_path}:{netns.PATH}")
    async with answering(net, "a"), running_proxy(net.node, api.address, *FLAGS, through=through) as proxy:
        await serve(api, proxy, "a")
        assert any("portals failed, trying again: no room" in line for line in proxy.lines)
        assert await who(net.pods["c"], PORTAL) == "a"
