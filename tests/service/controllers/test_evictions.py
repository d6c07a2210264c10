"""The eviction controller against the real apiserver, with little patience."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from peapod.apiserver.resources import node_report
from peapod.common import process
from peapod.controllers.nodes.conditions import is_marked, is_ready
from peapod.rules.mirror import MIRROR
from peapod.v1 import node_service_pb2 as nodes
from peapod.v1 import pod_pb2
from tests.support.apiserver import Api, OwnApi, connected, running_apiserver
from tests.support.following import Following, following
from tests.support.kubelet import TroubledRuntime, create, running_kubelet, told, until_containers
from tests.support.objects import make_node, make_pod
from tests.support.own_controllers import GRACE, running_controllers
from tests.support.wire import Wire, wire_to

TIMEOUT = 1.0
HEARTBEAT = GRACE / 8

controllers = partial(running_controllers, pod_eviction_timeout=TIMEOUT)


@pytest.fixture(autouse=True)
def every_heartbeat_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an apiserver in this process store also what tells nothing new: the grace here is shorter than it waits."""
    monkeypatch.setattr(node_report, "STORE_SECONDS", 0)


async def report(api: Api, *names: str) -> None:
    for name in names:
        await api.nodes.heartbeat_node(nodes.HeartbeatNodeRequest(node=make_node(name)))


@asynccontextmanager
async def reporting(api: Api, *names: str) -> AsyncIterator[None]:
    """Nodes that are well."""

    async def keep_reporting() -> None:
        while True:
            await report(api, *names)
            await asyncio.sleep(HEARTBEAT)

    await report(api, *names)
    task = process.spawn(keep_reporting, "nodes")
    try:
        yield
    finally:
        await process.end(task)


async def place(api: Api, seen: Following, pod: pod_pb2.Pod, node: str) -> None:
    """Create a pod on a node, and return when it is seen."""
    uid = (await create(api, pod, node)).metadata.uid
    await seen.until(lambda: uid in {one.metadata.uid for one in seen.pods.values()})


async def remove(api: Api, node: str) -> None:
    await api.nodes.delete_node(nodes.DeleteNodeRequest(name=node))


def mirror(name: str) -> pod_pb2.Pod:
    pod = make_pod(name)
    pod.metadata.annotations[MIRROR] = f"uid-of-{name}"
    return pod


def marked(seen: Following, *names: str) -> bool:
    return all(name in seen.nodes and is_marked(seen.nodes[name]) for name in names)


async def until_left(seen: Following, pods: Iterable[str]) -> None:
    await seen.until(lambda: seen.pods.keys() == set(pods))


async def until_a_stray_is_evicted(api: Api, seen: Following) -> None:
    """Have a pod bound to a node that there is not, and wait until it is gone: the controller has all the while been
    free to delete others.
    """
    await place(api, seen, make_pod("stray"), "nowhere")
    await seen.until(lambda: bool(seen.told("evicted", "stray")))
    await seen.until(lambda: "stray" not in seen.pods)


async def test_the_pods_of_a_lost_node_are_deleted_but_for_mirrors(api: OwnApi, seen: Following) -> None:
    await report(api, "lost")
    await place(api, seen, make_pod("web"), "lost")
    await place(api, seen, make_pod("db", namespace="other"), "lost")
    await place(api, seen, mirror("static-lost"), "lost")
    await place(api, seen, make_pod("elsewhere"), "well")
    async with reporting(api, "well"), controllers(api.address):
        await until_left(seen, ["static-lost", "elsewhere"])
        await seen.until(lambda: bool(seen.told("evicted", "web") and seen.told("evicting", "lost")))
    assert seen.told("evicted", "web")[0].startswith("node lost has not been ready for")
    assert seen.told("evicting", "lost")[0].endswith(": its pods are deleted")
    assert len(seen.told("evicting", "lost")) == 1
    assert seen.told("evicting", "well") == []


async def test_pods_are_deleted_one_after_the_other(api: OwnApi, seen: Following) -> None:
    gone: list[float] = []

    def note(_kind: object, _old: object, new: pod_pb2.Pod | None) -> None:
        if new is None:
            gone.append(time.monotonic())

    seen.informers[0].on_change(note)
    await report(api, "a", "b")
    for number in range(6):
        await place(api, seen, make_pod(f"web-{number}"), "ab"[number % 2])
    async with reporting(api, "well", "better", "best"), controllers(api.address, eviction_rate=2):
        await until_left(seen, [])
    assert gone[-1] - gone[0] > 1.4, "2 in a second, after 2 that were saved up"


async def test_nothing_is_deleted_for_silence_while_no_node_is_ready(api: OwnApi, seen: Following) -> None:
    await report(api, "a", "b")
    await place(api, seen, make_pod("web"), "a")
    async with controllers(api.address, pod_eviction_timeout=GRACE / 4):
        await seen.until(lambda: marked(seen, "a", "b"))
        # What is deleted at last has been waited for four times as long as web.
        await until_a_stray_is_evicted(api, seen)
        assert seen.pods.keys() == {"web"}
        async with reporting(api, "b"):
            await until_left(seen, [])


async def test_most_nodes_at_once_are_not_believed_to_be_lost(
    api: OwnApi, seen: Following, caplog: pytest.LogCaptureFixture
) -> None:
    await report(api, "a", "b")
    await place(api, seen, make_pod("web"), "a")
    async with reporting(api, "well"), controllers(api.address, pod_eviction_timeout=GRACE / 4):
        await seen.until(lambda: marked(seen, "a", "b"))
        await until_a_stray_is_evicted(api, seen)
        assert seen.pods.keys() == {"web"}
        assert "2 nodes went silent at the same time, and only 1 are ready" in caplog.text
        await remove(api, "b")
        await until_left(seen, [])


async def test_the_pods_of_a_node_that_is_removed_are_deleted_with_their_mirrors(api: OwnApi, seen: Following) -> None:
    await report(api, "removed")
    await place(api, seen, make_pod("web"), "removed")
    await place(api, seen, mirror("static-removed"), "removed")
    async with reporting(api, "well"), controllers(api.address, pod_eviction_timeout=300):
        await remove(api, "removed")
        await until_left(seen, [])
        await seen.until(lambda: bool(seen.told("evicted", "static-removed")))
    assert seen.told("evicted", "web") == ["node removed is not there"]


async def test_the_pods_of_a_node_that_registers_again_stay(api: OwnApi, seen: Following) -> None:
    await report(api, "again", "other")
    await place(api, seen, make_pod("web"), "again")
    await place(api, seen, make_pod("stray"), "other")
    async with controllers(api.address):
        await remove(api, "again")
        await remove(api, "other")
        async with reporting(api, "again"):
            await seen.until(lambda: bool(seen.told("evicted", "stray")))
            await until_left(seen, ["web"])


async def test_the_time_of_an_outage_does_not_count(tmp_path: Path) -> None:
    store = tmp_path / "peapod.db"
    async with AsyncExitStack() as stack, AsyncExitStack() as outlasting:
        async with running_apiserver(store) as api, following(api) as seen:
            address = api.address
            await report(api, "lost", "well")
            await place(api, seen, make_pod("web"), "lost")
            await outlasting.enter_async_context(controllers(address))
            await seen.until(lambda: marked(seen, "lost"))
        await asyncio.sleep(TIMEOUT * 2)
        back = time.monotonic()
        api = await stack.enter_async_context(running_apiserver(store, address=address))
        seen = await stack.enter_async_context(following(api))
        async with reporting(api, "well"):
            await until_left(seen, [])
    assert time.monotonic() - back > TIMEOUT


async def test_who_has_just_started_waits_anew(api: OwnApi, seen: Following) -> None:
    await report(api, "lost")
    await place(api, seen, make_pod("web"), "lost")
    async with reporting(api, "well"):
        async with controllers(api.address, pod_eviction_timeout=300):
            await seen.until(lambda: marked(seen, "lost"))
        await asyncio.sleep(TIMEOUT)
        began = time.monotonic()
        async with controllers(api.address):
            await until_left(seen, [])
    assert time.monotonic() - began > TIMEOUT


@asynccontextmanager
async def far_kubelet(api: Api, runtime: TroubledRuntime, root: Path) -> AsyncGenerator[Wire]:
    """A kubelet that reaches the apiserver by a wire."""
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(wire_to(api.address))
        stack.callback(wire.release)
        far = await stack.enter_async_context(connected(wire.address))
        kubelet = running_kubelet(far, runtime, root, node_name="far", heartbeat_seconds=HEARTBEAT)
        await stack.enter_async_context(kubelet)
        yield wire


async def test_who_was_cut_off_removes_what_was_deleted_meanwhile(api: OwnApi, seen: Following, tmp_path: Path) -> None:
    runtime = TroubledRuntime()
    async with reporting(api, "well"), controllers(api.address), far_kubelet(api, runtime, tmp_path) as wire:
        await seen.until(lambda: "far" in seen.nodes and is_ready(seen.nodes["far"]))
        await place(api, seen, make_pod("web"), "far")
        await until_containers(runtime, 1)
        wire.hold()
        await until_left(seen, [])
        assert len(await runtime.list()) == 1, "nobody has told its node"
        await place(api, seen, make_pod("web"), "well")
        wire.cut()
        wire.release()
        await until_containers(runtime, 0)
        await seen.until(lambda: is_ready(seen.nodes["far"]) and len(seen.told("online", "far")) >= 1)
        assert seen.bound == {"web": "well"}


async def test_a_short_cut_costs_no_pod(api: OwnApi, seen: Following, tmp_path: Path) -> None:
    runtime = TroubledRuntime()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(reporting(api, "well"))
        await stack.enter_async_context(controllers(api.address, pod_eviction_timeout=2 * GRACE))
        wire = await stack.enter_async_context(far_kubelet(api, runtime, tmp_path))
        await seen.until(lambda: "far" in seen.nodes and is_ready(seen.nodes["far"]))
        await place(api, seen, make_pod("web"), "far")
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_RUNNING)
        wire.hold()
        await seen.until(lambda: marked(seen, "far"))
        wire.cut()
        wire.release()
        await seen.until(lambda: is_ready(seen.nodes["far"]))
        # What is deleted at last has been waited for from here on.
        await until_a_stray_is_evicted(api, seen)
        assert seen.pods.keys() == {"web"}
    assert runtime.started == ["web/c/0"]
