"""The scheduler against the real apiserver."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from peapod.v1 import node_pb2, pod_pb2
from peapod.v1 import node_service_pb2 as nodes
from peapod.v1 import pod_service_pb2 as pods
from tests.service.scheduler.conftest import running_scheduler
from tests.support.apiserver import OwnApi, connected, running_apiserver
from tests.support.following import Following, following
from tests.support.objects import FALSE, make_node, make_pod


async def report(api: OwnApi, *reports: node_pb2.Node) -> None:
    for node in reports:
        await api.nodes.heartbeat_node(nodes.HeartbeatNodeRequest(node=node))


async def create(api: OwnApi, *created: pod_pb2.Pod) -> None:
    await asyncio.gather(*(api.pods.create_pod(pods.CreatePodRequest(pod=pod)) for pod in created))


async def delete(api: OwnApi, name: str) -> None:
    await api.pods.delete_pod(pods.DeletePodRequest(namespace="default", name=name))


async def close(api: OwnApi, name: str, *, closed: bool) -> None:
    node = (await api.nodes.get_node(nodes.GetNodeRequest(name=name))).node
    node.spec.unschedulable = closed
    await api.nodes.update_node(nodes.UpdateNodeRequest(node=node))


async def test_a_pod_gets_a_node_and_people_are_told(api: OwnApi, seen: Following) -> None:
    await report(api, make_node("n1"))
    async with running_scheduler(api.address):
        await create(api, make_pod("web"))
        await seen.until(lambda: seen.bound == {"web": "n1"})
        await seen.until(lambda: seen.told("scheduled", "web") == ["Successfully assigned web to n1"])
    (event,) = (event for event in seen.events if event.reason == "scheduled")
    assert event.source.component == "scheduler"
    assert event.involved_object.kind == "Pod"
    assert event.involved_object.uid == seen.pods["web"].metadata.uid


async def test_many_pods_are_spread_evenly(api: OwnApi, seen: Following) -> None:
    await report(api, *(make_node(f"n{number}") for number in range(4)))
    async with running_scheduler(api.address, batch=7):
        await create(api, *(make_pod(f"p{number}", labels={"app": "web"}) for number in range(40)))
        await seen.until(lambda: len(seen.bound) == 40)
    assert set(Counter(seen.bound.values()).values()) == {10}


async def test_what_fits_nowhere_says_why_and_is_bound_when_room_is_made(api: OwnApi, seen: Following) -> None:
    await report(api, make_node("n1"), make_node("n2", ready=FALSE))
    async with running_scheduler(api.address):
        await create(api, make_pod("first", ports=[8888]))
        await seen.until(lambda: "first" in seen.bound)
        await create(api, make_pod("second", ports=[8888]))
        why = "no node fits: 1 node: host port 8888 is taken (n1); 1 node: not ready (n2)"
        await seen.until(lambda: seen.told("failedScheduling", "second") == [why])
        await delete(api, "first")
        await seen.until(lambda: seen.bound == {"second": "n1"})


async def test_a_node_that_comes_later_takes_what_waits(api: OwnApi, seen: Following) -> None:
    async with running_scheduler(api.address):
        await create(api, make_pod("web", selector={"disk": "ssd"}))
        await seen.until(lambda: seen.told("failedScheduling", "web") == ["no node fits: there are none"])
        await report(api, make_node("n1"))
        await report(api, make_node("n2", labels={"disk": "ssd"}))
        await seen.until(lambda: seen.bound == {"web": "n2"})


async def test_a_closed_node_takes_nothing_until_it_is_opened(api: OwnApi, seen: Following) -> None:
    await report(api, make_node("n1"))
    async with running_scheduler(api.address):
        await create(api, make_pod("before"))
        await seen.until(lambda: seen.bound == {"before": "n1"})
        await close(api, "n1", closed=True)
        await create(api, make_pod("web"))
        await seen.until(lambda: seen.told("failedScheduling", "web") == ["no node fits: 1 node: unschedulable (n1)"])
        await close(api, "n1", closed=False)
        await seen.until(lambda: seen.bound == {"before": "n1", "web": "n1"})


async def test_a_node_that_is_removed_takes_nothing_and_comes_back_empty(api: OwnApi, seen: Following) -> None:
    await report(api, make_node("n1", pods="1"))
    async with running_scheduler(api.address):
        await create(api, make_pod("lost"))
        await seen.until(lambda: seen.bound == {"lost": "n1"})
        await api.nodes.delete_node(nodes.DeleteNodeRequest(name="n1"))
        await create(api, make_pod("web"))
        await seen.until(lambda: seen.told("failedScheduling", "web") == ["no node fits: there are none"])
        await delete(api, "lost")
        await report(api, make_node("n1", pods="1"))
        await seen.until(lambda: seen.bound == {"web": "n1"})


async def test_a_host_port_is_never_given_twice(api: OwnApi, seen: Following) -> None:
    await report(api, *(make_node(f"n{number}") for number in range(10)))
    async with running_scheduler(api.address, batch=3):
        await create(api, *(make_pod(f"p{number}", ports=[80]) for number in range(30)))
        await seen.until(lambda: len(seen.bound) == 10)
        await seen.until(
            lambda: len(seen.bound) + len([e for e in seen.events if e.reason == "failedScheduling"]) == 30
        )
        for name in list(seen.bound):
            await delete(api, name)
        await seen.until(lambda: len(seen.pods) == 20 and len(seen.bound) == 10)
    assert set(Counter(seen.bound.values()).values()) == {1}


async def test_preset_pods_are_left_alone_and_count(api: OwnApi, seen: Following) -> None:
    await report(api, make_node("n1"), make_node("n2"))
    await create(api, make_pod("preset", node="n1", ports=[80]), make_pod("elsewhere", node="unheard-of"))
    async with running_scheduler(api.address):
        await create(api, make_pod("web", ports=[80]))
        await seen.until(lambda: "web" in seen.bound)
    assert seen.bound == {"preset": "n1", "elsewhere": "unheard-of", "web": "n2"}
    assert not [event for event in seen.events if event.involved_object.name != "web"]


async def test_a_restarted_scheduler_goes_on(api: OwnApi, seen: Following) -> None:
    await report(api, make_node("n1"), make_node("n2"))
    async with running_scheduler(api.address):
        await create(api, make_pod("before", ports=[80]))
        await seen.until(lambda: "before" in seen.bound)
    await create(api, make_pod("between", ports=[80]))
    async with running_scheduler(api.address):
        await seen.until(lambda: "between" in seen.bound)
    assert set(seen.bound.values()) == {"n1", "n2"}


async def test_two_schedulers_bind_each_pod_once(api: OwnApi, seen: Following) -> None:
    moved = []

    def watch_moves(_kind: object, old: pod_pb2.Pod | None, new: pod_pb2.Pod | None) -> None:
        if old and new and old.spec.node_name and old.spec.node_name != new.spec.node_name:
            moved.append(new.metadata.name)

    seen.informers[0].on_change(watch_moves)
    await report(api, *(make_node(f"n{number}") for number in range(4)))
    async with running_scheduler(api.address, batch=5), running_scheduler(api.address, batch=5):
        await create(api, *(make_pod(f"p{number}") for number in range(60)))
        await seen.until(lambda: len(seen.bound) == 60)
    assert moved == []


async def test_an_apiserver_that_comes_back_finds_the_scheduler_waiting(tmp_path: Path) -> None:
    store = tmp_path / "peapod.db"
    async with running_apiserver(store) as api:
        address = api.address
        await report(api, make_node("n1"))
        scheduler = running_scheduler(address)
        await scheduler.__aenter__()
    try:
        async with running_apiserver(store, address=address), connected(address) as api, following(api) as seen:
            await create(api, make_pod("web"))
            await seen.until(lambda: seen.bound == {"web": "n1"})
    finally:
        await scheduler.__aexit__(None, None, None)


async def test_deleted_while_pending_is_forgotten(
    api: OwnApi, seen: Following, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_scheduler(api.address) as service:
        await create(api, make_pod("web"))
        await seen.until(lambda: bool(seen.told("failedScheduling", "web")))
        await delete(api, "web")
        await create(api, make_pod("other"))
        await seen.until(lambda: bool(seen.told("failedScheduling", "other")))
        assert len(service.scheduler.planner.queue) == 1
        await report(api, make_node("n1"))
        await seen.until(lambda: seen.bound == {"other": "n1"})
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_its_figures_can_be_asked_for(api: OwnApi, seen: Following) -> None:
    await report(api, make_node("n1"))
    async with running_scheduler(api.address) as service:
        await create(api, make_pod("fits"), make_pod("waits", selector={"disk": "ssd"}))
        await seen.until(lambda: bool(seen.told("scheduled", "fits") and seen.told("failedScheduling", "waits")))
        figure = service.server.registry.get_sample_value
        assert figure("peapod_scheduler_bound_pods_total") == 1
        assert figure("peapod_scheduler_refusals_total") == 1
        assert figure("peapod_scheduler_waiting_pods") == 1
