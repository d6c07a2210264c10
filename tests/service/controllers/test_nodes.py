"""The node controller against the real apiserver, with a short grace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from peapod.common import process
from peapod.v1 import meta_pb2, node_pb2, pod_pb2
from peapod.v1 import node_service_pb2 as pb
from peapod.v1 import pod_service_pb2 as pods
from tests.support.apiserver import OwnApi, connected, running_apiserver
from tests.support.following import Following, following
from tests.support.kubelet import TroubledRuntime, create, running_kubelet
from tests.support.objects import TRUE, UNKNOWN, make_node
from tests.support.own_controllers import GRACE, running_controllers
from tests.support.pods import make_pod

RUNNING, SUCCEEDED, LOST = pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_UNKNOWN


def phase_of(seen: Following, name: str) -> pod_pb2.PodPhase:
    return seen.pods[name].status.phase if name in seen.pods else pod_pb2.POD_PHASE_UNSPECIFIED


def readiness(node: node_pb2.Node) -> meta_pb2.ConditionStatus:
    (ready,) = (condition for condition in node.status.conditions if condition.type == "Ready")
    return ready.status


async def report(api: OwnApi, node: node_pb2.Node) -> None:
    await api.nodes.heartbeat_node(pb.HeartbeatNodeRequest(node=node))


@asynccontextmanager
async def reporting(api: OwnApi, name: str) -> AsyncGenerator[None]:
    """Have a node report all the time."""

    async def keep_reporting() -> None:
        while True:
            alive = make_node(name)
            # An unchanged report is stored only now and then, too seldom for this short a grace.
            alive.status.conditions[0].message = str(asyncio.get_running_loop().time())
            await report(api, alive)
            await asyncio.sleep(GRACE / 8)

    await report(api, make_node(name))
    task = asyncio.create_task(keep_reporting())
    yield
    await process.end(task)


async def test_a_silent_node_is_marked_until_it_reports_again(api: OwnApi, seen: Following) -> None:
    await report(api, make_node("n1"))
    async with running_controllers(api.address):
        await seen.until(lambda: "n1" in seen.nodes and readiness(seen.nodes["n1"]) == UNKNOWN)
        await seen.until(lambda: bool(seen.told("offline", "n1")))
        (ready,) = seen.nodes["n1"].status.conditions
        assert ready.reason == "NodeStatusUnknown"
        assert seen.nodes["n1"].status.capacity == make_node().status.capacity
        await report(api, make_node("n1"))
        await seen.until(lambda: readiness(seen.nodes["n1"]) == TRUE)
        await seen.until(lambda: readiness(seen.nodes["n1"]) == UNKNOWN)


async def test_the_pods_of_a_silent_node_are_unknown_but_for_those_that_are_over(api: OwnApi, seen: Following) -> None:
    await report(api, make_node("n1"))
    for name, node, phase in (("lost", "n1", RUNNING), ("done", "n1", SUCCEEDED), ("elsewhere", "n2", RUNNING)):
        pod = make_pod(name=name)
        pod.spec.node_name = node
        stored = (await api.pods.create_pod(pods.CreatePodRequest(pod=pod))).pod
        status = pod_pb2.PodStatus(phase=phase, pod_ip="10.1.2.3")
        status.conditions.add(type="Ready", status=TRUE)
        update = pods.PodStatusUpdate(namespace="default", name=name, uid=stored.metadata.uid, status=status)
        await api.pods.update_pod_statuses(pods.UpdatePodStatusesRequest(updates=[update]))
    async with reporting(api, "n2"), running_controllers(api.address):
        await seen.until(lambda: readiness(seen.nodes["n1"]) == UNKNOWN and phase_of(seen, "lost") == LOST)
    now = seen.pods["lost"].status
    assert (now.reason, now.pod_ip, now.conditions[0].status) == ("NodeStatusUnknown", "10.1.2.3", UNKNOWN)
    assert now.message.startswith("node n1 has not reported for")
    assert (phase_of(seen, "done"), phase_of(seen, "elsewhere")) == (SUCCEEDED, RUNNING)


async def test_a_node_that_comes_back_tells_anew_how_its_pods_are(api: OwnApi, seen: Following, tmp_path: Path) -> None:
    root, runtime = tmp_path / "kubelet", TroubledRuntime()
    root.mkdir()
    async with running_controllers(api.address):
        async with running_kubelet(api, runtime, root, heartbeat_seconds=GRACE / 8):
            await create(api, make_pod())
            await seen.until(lambda: phase_of(seen, "web") == RUNNING)
        await seen.until(lambda: phase_of(seen, "web") == LOST)
        assert seen.pods["web"].status.container_statuses[0].ready
        async with running_kubelet(api, runtime, root, heartbeat_seconds=GRACE / 8):
            await seen.until(lambda: phase_of(seen, "web") == RUNNING)
    assert runtime.started == ["web/main/0"]


async def test_a_node_that_reports_is_left_alone(api: OwnApi, seen: Following) -> None:
    marked: list[str] = []

    def watch_marks(_kind: object, _old: object, new: node_pb2.Node | None) -> None:
        if new is not None and readiness(new) == UNKNOWN:
            marked.append(new.metadata.name)

    seen.informers[1].on_change(watch_marks)

    await report(api, make_node("dead"))
    async with reporting(api, "alive"), running_controllers(api.address):
        await seen.until(lambda: "dead" in marked)
        await report(api, make_node("dead"))
        await seen.until(lambda: marked.count("dead") >= 2)
    assert "alive" not in marked


async def test_the_silence_of_an_outage_does_not_count(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    store = tmp_path / "peapod.db"
    async with AsyncExitStack() as controllers:
        async with running_apiserver(store) as api, following(api) as seen:
            address = api.address
            await controllers.enter_async_context(running_controllers(address))
            await report(api, make_node("dead"))
            await seen.until(lambda: "dead" in seen.nodes and readiness(seen.nodes["dead"]) == UNKNOWN)
            await report(api, make_node("n1"))
            await seen.until(lambda: "n1" in seen.nodes)
        await asyncio.sleep(GRACE * 2)
        async with running_apiserver(store, address=address), connected(address) as api, following(api) as seen:
            await seen.until(lambda: readiness(seen.nodes["n1"]) == UNKNOWN)
            (ready,) = seen.nodes["n1"].status.conditions
    assert ready.message == "the node has not reported for 1 s", "about the grace, and not the outage besides"
    assert "every node gets its 0.8 s anew" in caplog.text
