"""examples/guestbook on two nodes, each with an engine of its own, that are killed, cut off and healed."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from peapod.apiserver.resources.node_report import STORE_SECONDS
from peapod.common.kinds import SERVICE
from peapod.controllers.nodes.conditions import is_ready
from tests.service.cli.conftest import run
from tests.support import engine, machines
from tests.support.site import EVICTION, GRACE, PATIENCE, Node, Site, running_site
from tests.support.worlds import all_run, gone, told

pytestmark = [pytest.mark.docker, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "guestbook"
WIDE, NARROW = 20, 3
COUNTS = {"redis-master": 1, "redis-worker": 2, "front-end": NARROW}
GIVEN_UP = GRACE + max(EVICTION, STORE_SECONDS)
"""Seconds after which the pods of a lost node go: others must have been heard meanwhile."""
SLACK = 10.0
"""Seconds by which a busy machine may be late."""


async def peapod(site: Site, *words: str, given: str = "") -> str:
    """Run the command as a user does, and return what it printed."""
    done = await run(site.api.address, *words, stdin=given)
    assert done.status == 0, done.err
    return done.out


def asker(node: str) -> str:
    """A pod that asks from a node."""
    container = {"name": "main", "image": "peapod-test/guestbook:1", "imagePullPolicy": "PullNever"}
    container["command"] = ["sh", "-c", "trap exit TERM; sleep 3600 & wait"]
    manifest = {"version": "v1beta2", "dnsPolicy": "ClusterFirst", "containers": [container]}
    pod = {"kind": "Pod", "apiVersion": "v1beta1", "id": f"asker-{node}"}
    return json.dumps(pod | {"desiredState": {"manifest": manifest, "host": node}})


async def start(site: Site, node: str) -> None:
    """Start a node's asker."""
    await peapod(site, "create", "-f", "-", given=asker(node))
    await site.seen.until(lambda: all_run(site.seen, [f"asker-{node}"]), PATIENCE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Site]:
    """The guestbook as its README says, and on each node a pod that asks."""
    machines.need()
    names = (f"{engine.SESSION}-book-1", f"{engine.SESSION}-book-2")
    async with running_site(tmp_path_factory.mktemp("book"), names) as site:
        await peapod(site, "create", "-f", str(EXAMPLE))
        for name in names:
            await start(site, name)
        await site.settled(COUNTS)
        yield site


def portal(site: Site) -> str:
    """The front end's portal IP."""
    return str(site.seen.of(SERVICE)["front-end"].spec.cluster_ip)


async def write(site: Site, node: Node, host: str, line: str) -> str:
    """Write a line, from a pod on a node, and return the page that comes back."""
    return await site.run_in(f"asker-{node.name}", "wget", "-q", "-O", "-", "--post-data", f"line={line}", host)


async def read(site: Site, node: Node, host: str) -> str:
    """Read the page, from a pod on a node; again where the front end asks for that.

    Its redis was not ready just then: on a busy machine a probe may come late.
    """
    late = time.monotonic() + PATIENCE
    while True:
        try:
            return await site.run_in(f"asker-{node.name}", "wget", "-q", "-O", "-", host)
        except AssertionError as failed:
            if "503 Service Unavailable" not in str(failed) or time.monotonic() > late:
                raise


def answerer(page: str) -> str:
    """The pod that a page is from."""
    return page.rpartition("This page is from ")[2].strip(".\n")


async def check_containers(site: Site) -> None:
    """Each node runs what is bound to it, once, and nothing else."""
    for node in site.nodes.values():
        mine = [pod for pod in site.seen.pods.values() if pod.spec.node_name == node.name]
        wanted = [(pod.metadata.name, name) for pod in mine for name in (pod.spec.containers[0].name, "net")]
        assert await asyncio.to_thread(node.containers) == sorted(wanted)


async def lose(site: Site, victim: Node) -> tuple[list[Path], float]:
    """Wait until all pods of a lost node are replaced. Return where the node keeps the old ones, and after how many
    seconds the last of them was given up.
    """
    began = time.monotonic()
    lost = [pod for pod in site.seen.pods.values() if pod.spec.node_name == victim.name]
    assert any(pod.metadata.labels.get("name") == "front-end" for pod in lost)
    uids = {pod.metadata.uid for pod in lost}
    await site.seen.until(lambda: not any(pod.metadata.uid in uids for pod in site.seen.pods.values()), PATIENCE)
    late = time.monotonic() - began
    await site.settled(COUNTS)
    assert victim.name not in site.seen.bound.values()
    return [victim.home(pod) for pod in lost], late


async def come_back(site: Site, victim: Node, homes: list[Path]) -> None:
    """Wait until a node is back and has removed what was replaced, and let its asker ask again."""
    await site.until_ready(victim.name)
    await gone(homes)
    await start(site, victim.name)
    await site.settled(COUNTS)
    await check_containers(site)


async def deal(site: Site) -> tuple[Node, Node]:
    """Deal the front ends out anew over all nodes. Return a node that the master is not on, and the one that has it."""
    for count in (0, NARROW):
        await peapod(site, "resize", f"--replicas={count}", "rc", "front-end")
        await site.settled(COUNTS | {"front-end": count})
    (master,) = site.pods("redis-master").values()
    well = site.nodes[master.spec.node_name]
    victim = next(node for node in site.nodes.values() if node is not well)
    return victim, well


async def answers_itself(site: Site, name: str) -> bool:
    """Have a front end ask its service until it is itself that answers, which a hundred times in a row is no chance."""
    for _ in range(100):
        if answerer(await site.run_in(name, "wget", "-q", "-O", "-", "front-end")) == name:
            return True
    return False


async def test_the_guestbook_answers_at_its_portal_and_by_name(site: Site) -> None:
    first, second = site.nodes.values()
    hosts = (portal(site), "front-end", "front-end.default", "front-end.default.cluster.local")
    for host in hosts:
        assert f"<li>by-{host}\n" in await write(site, first, host, f"by-{host}")
    pages = [await read(site, node, portal(site)) for node in (first, second) for _ in range(20)]
    assert all(f"<li>by-{host}\n" in page for page in pages for host in hosts)
    assert set(map(answerer, pages)) == set(site.pods("front-end"))


async def test_it_is_found_by_variables_and_from_the_node_as_well(site: Site) -> None:
    node = next(iter(site.nodes.values()))
    said = "wget -q -O - $FRONT_END_SERVICE_HOST:$FRONT_END_SERVICE_PORT"
    by_variables = await site.run_in(f"asker-{node.name}", "sh", "-c", said)
    from_node = await asyncio.to_thread(node.machine.netns.run, "busybox", "wget", "-q", "-O", "-", portal(site))
    assert {answerer(by_variables), answerer(from_node)} <= set(site.pods("front-end"))


async def test_a_front_end_reaches_its_own_service_even_when_it_is_itself_that_answers(site: Site) -> None:
    for name in site.pods("front-end"):
        assert await answers_itself(site, name)


async def test_the_front_end_grows_to_twenty_and_shrinks_again(site: Site) -> None:
    most = 0

    def count(*_: object) -> None:
        nonlocal most
        most = max(most, len(site.pods("front-end")))

    site.seen.informers[0].on_change(count)
    await peapod(site, "resize", f"--replicas={WIDE}", "rc", "front-end")
    await site.settled({"front-end": WIDE})
    on_each = Counter(pod.spec.node_name for pod in site.pods("front-end").values())
    assert on_each.keys() == site.nodes.keys()
    assert most == WIDE
    before = site.pods("front-end")
    await peapod(site, "resize", f"--replicas={NARROW}", "rc", "front-end")
    await site.settled(COUNTS)
    left = site.pods("front-end")
    assert left.keys() < before.keys()
    for node in site.nodes.values():
        assert {answerer(await read(site, node, portal(site))) for _ in range(10)} <= left.keys()
    await gone([site.nodes[pod.spec.node_name].home(pod) for name, pod in before.items() if name not in left])
    await check_containers(site)


async def test_the_pods_of_a_killed_kubelet_are_replaced_and_none_is_there_twice_when_it_returns(site: Site) -> None:
    victim, well = await deal(site)
    ran = await asyncio.to_thread(victim.containers)
    await victim.kubelet.kill()
    homes, late = await lose(site, victim)
    assert late < GIVEN_UP + SLACK
    assert await asyncio.to_thread(victim.containers) == ran, "they run on, where nobody can be told"
    await write(site, well, "front-end", "after-a-kill")
    await victim.kubelet.begin()
    await come_back(site, victim, homes)
    assert "after-a-kill" in await read(site, victim, "front-end")


async def test_a_node_that_was_cut_off_returns_and_removes_what_was_replaced(site: Site) -> None:
    victim, well = await deal(site)
    ran = await asyncio.to_thread(victim.containers)
    victim.machine.cut()
    try:
        homes, late = await lose(site, victim)
        assert late < GIVEN_UP + SLACK
        assert await asyncio.to_thread(victim.containers) == ran
        await write(site, well, "front-end", "after-a-cut")
    finally:
        victim.machine.mend()
    await come_back(site, victim, homes)
    assert "after-a-cut" in await read(site, victim, "front-end")


async def test_nothing_changes_while_the_control_plane_is_cut_off(site: Site) -> None:
    first, second = site.nodes.values()
    names = list(site.seen.pods)
    before = told(site.seen, names)
    site.machines.control.cut()
    try:
        await site.seen.until(lambda: not any(map(is_ready, site.seen.nodes.values())), GRACE + SLACK)
        # No event tells that nobody is evicted.
        await asyncio.sleep(2 * EVICTION)
        assert list(site.seen.pods) == names
        assert "without-control" in await write(site, first, "front-end", "without-control")
        assert "without-control" in await read(site, second, portal(site))
    finally:
        site.machines.control.mend()
    await site.until_ready(*site.nodes)
    await site.settled(COUNTS)
    assert told(site.seen, names) == before
    await peapod(site, "resize", "--replicas=4", "rc", "front-end")
    await site.settled(COUNTS | {"front-end": 4})


async def test_it_is_stopped_and_nothing_of_it_is_left(site: Site) -> None:
    book = [pod for pod in site.seen.pods.values() if pod.metadata.labels.get("app") == "guestbook"]
    await peapod(site, "stop", "-f", str(EXAMPLE))
    await gone([site.nodes[pod.spec.node_name].home(pod) for pod in book])
    await site.seen.until(lambda: not site.seen.of(SERVICE))
    assert set(site.seen.pods) == {f"asker-{name}" for name in site.nodes}
    await check_containers(site)
