"""`peapod drain`."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from peapod.common import process
from peapod.rules.mirror import MIRROR
from peapod.v1 import pod_pb2
from peapod.v1.meta_pb2 import EVENT_TYPE_DELETED
from peapod.v1.node_service_pb2 import GetNodeRequest, HeartbeatNodeRequest
from peapod.v1.pod_service_pb2 import CreatePodRequest, ListPodsRequest, WatchPodsRequest
from peapod.v1.replication_controller_service_pb2 import CreateReplicationControllerRequest
from tests.service.cli.conftest import Outcome, Run
from tests.support.apiserver import Api
from tests.support.controllers import make_controller
from tests.support.objects import make_node, make_pod

SHOP = {"app": "shop", "version": "1"}


async def create(api: Api, pod: pod_pb2.Pod) -> None:
    await api.pods.create_pod(CreatePodRequest(pod=pod))


@pytest.fixture(autouse=True)
async def shop(api: Api) -> None:
    """Have a node n1 and a controller whose pods are on it and elsewhere."""
    await api.nodes.heartbeat_node(HeartbeatNodeRequest(node=make_node("n1")))
    request = CreateReplicationControllerRequest(replication_controller=make_controller("shop", 3))
    await api.replication_controllers.create_replication_controller(request)
    for name, node in (("shop-1", "n1"), ("shop-2", "n1"), ("shop-3", "n2")):
        await create(api, make_pod(name, node=node, labels=SHOP))


async def closed(api: Api) -> bool:
    return (await api.nodes.get_node(GetNodeRequest(name="n1"))).node.spec.unschedulable


async def names(api: Api) -> list[str]:
    return [pod.metadata.name for pod in (await api.pods.list_pods(ListPodsRequest())).items]


async def test_what_controllers_keep_goes_and_the_node_is_closed(peapod: Run, api: Api) -> None:
    gone = "".join(f"pods/shop-{number} in namespace default\n" for number in (1, 2))
    assert await peapod("drain", "n1") == Outcome(0, f"minions/n1 cordoned\n{gone}minions/n1 drained\n", "")
    assert await closed(api)
    assert await names(api) == ["shop-3"]
    assert await peapod("drain", "n1") == Outcome(0, "minions/n1 cordoned\nminions/n1 drained\n", "")


async def test_nothing_is_done_where_a_pod_would_be_lost(peapod: Run, api: Api) -> None:
    await create(api, make_pod("web", node="n1", labels={"app": "shop"}))
    await create(api, make_pod("db", namespace="other", node="n1", labels=SHOP))
    why = "is kept by no replication controller; --force deletes it for good"
    errors = f"error: pods/web in namespace default {why}\nerror: pods/db in namespace other {why}\n"
    assert await peapod("drain", "n1") == Outcome(1, "", errors)
    assert not await closed(api)
    assert len(await names(api)) == 5
    outcome = await peapod("drain", "n1", "--force")
    assert (outcome.status, outcome.err) == (0, "")
    assert "pods/db in namespace other\n" in outcome.out
    assert await names(api) == ["shop-3"]


async def test_static_pods_stay(peapod: Run, api: Api) -> None:
    mirror = make_pod("static-n1", node="n1")
    mirror.metadata.annotations[MIRROR] = "uid"
    await create(api, mirror)
    outcome = await peapod("drain", "n1")
    assert (outcome.status, outcome.out.splitlines()[-1]) == (0, "minions/n1 drained")
    assert outcome.err == "pods/static-n1 in namespace default is a static pod of the node, and stays\n"
    assert await names(api) == ["shop-3", "static-n1"]


@asynccontextmanager
async def on_each_end(api: Api, act: Callable[[pod_pb2.Pod], Awaitable[None]]) -> AsyncGenerator[None]:
    """Have the node full, so that it takes a while to drain, and act when one of its pods is deleted."""

    async def follow() -> None:
        async with api.pods.watch_pods(WatchPodsRequest()) as stream:
            async for batch in stream:
                for change in batch.events:
                    if change.type == EVENT_TYPE_DELETED:
                        await act(change.pod)

    for number in range(10, 40):
        await create(api, make_pod(f"shop-{number}", node="n1", labels=SHOP))
    task = process.spawn(follow, "pods")
    try:
        yield
    finally:
        await process.end(task)


async def test_a_node_that_fills_up_again_is_not_drained(peapod: Run, api: Api) -> None:
    async def come_back(gone: pod_pb2.Pod) -> None:
        await create(api, make_pod(gone.metadata.name, node="n1", labels=SHOP))

    async with on_each_end(api, come_back):
        outcome = await peapod("drain", "n1", "--timeout=1s")
    assert outcome.status == 1
    assert re.fullmatch(
        r"error: minions/n1 is not empty after 1 s: \d+ pods are left, such as pods/shop-\d+ in namespace default\n",
        outcome.err,
    )
    assert await closed(api)


async def test_a_lone_pod_that_comes_meanwhile_is_left(peapod: Run, api: Api) -> None:
    async def come(gone: pod_pb2.Pod) -> None:
        if gone.metadata.name == "shop-1":
            await create(api, make_pod("lone", node="n1"))

    async with on_each_end(api, come):
        outcome = await peapod("drain", "n1")
    assert outcome.status == 1
    assert "error: pods/lone in namespace default is kept by no replication controller" in outcome.err
    assert "lone" in await names(api)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("drain", "name one node: peapod drain NODE"),
        ("drain n1 n2", "name one node: peapod drain NODE"),
        ("drain pod/web", "pods take no pods; name a node"),
        ("drain nope", 'Node "nope" not found'),
        ("drain n1 --timeout soon", "argument --timeout: "),
    ],
)
async def test_what_cannot_be_drained_is_said(peapod: Run, api: Api, line: str, why: str) -> None:
    outcome = await peapod(*line.split())
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert outcome.err.startswith(f"error: {why}")
    assert not await closed(api)
