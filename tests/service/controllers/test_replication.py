"""The replication controller against the real apiserver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from peapod.common.kinds import REPLICATION_CONTROLLER, RESOURCE_QUOTA
from peapod.controllers.replication.manager import FIRST_PAUSE
from peapod.v1 import pod_pb2
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1 import replication_controller_service_pb2 as rcs
from peapod.v1.replication_controller_pb2 import ReplicationController
from peapod.v1.resource_quota_pb2 import ResourceQuota
from tests.support.apiserver import OwnApi, connected, running_apiserver
from tests.support.controllers import create, make_controller, read, resize
from tests.support.following import Following, following
from tests.support.kinds import Objects
from tests.support.kubelet import delete
from tests.support.objects import make_pod
from tests.support.own_controllers import running_controllers
from tests.support.statuses import set_running, set_status

FAILED = pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_FAILED)
LABELS = {"app": "shop", "version": "1"}


@pytest.fixture
async def seen(api: OwnApi) -> AsyncGenerator[Following]:
    async with following(api, REPLICATION_CONTROLLER) as watcher:
        yield watcher


def replicas(seen: Following, name: str = "shop") -> int:
    found = seen.of(REPLICATION_CONTROLLER).get(name)
    return found.status.replicas if found else -1


def spoil(controller: ReplicationController) -> bool:
    """Have a controller ask for a pod that is refused, as rules may that have changed since it came in."""
    controller.spec.template.spec.containers[0].image = ""
    controller.spec.replicas = 1
    return True


def repair(controller: ReplicationController) -> bool:
    controller.spec.template.spec.containers[0].image = "peapod-test/none:1"
    return True


async def settled(seen: Following, count: int) -> None:
    await seen.until(lambda: len(seen.pods) == count == replicas(seen))


async def test_pods_are_made_of_the_template_counted_and_told_of(api: OwnApi, seen: Following) -> None:
    controller = make_controller("shop", 3)
    controller.spec.template.metadata.annotations["made-by"] = "shop"
    async with running_controllers(api.address):
        await create(api, controller)
        await settled(seen, 3)
        await seen.until(lambda: bool(seen.told("successfulCreate", "shop")))
    for pod in seen.pods.values():
        assert pod.metadata.name.startswith("shop-")
        assert (dict(pod.metadata.labels), dict(pod.metadata.annotations)) == (LABELS, {"made-by": "shop"})
        assert pod.spec == (await read(api, "shop")).spec.template.spec


async def test_a_pod_that_goes_is_replaced_and_one_that_comes_too_much_goes(api: OwnApi, seen: Following) -> None:
    async with running_controllers(api.address):
        await create(api, make_controller("shop", 3))
        await settled(seen, 3)
        first = {pod.metadata.uid for pod in seen.pods.values()}
        await set_running(api, seen.pods.values())
        await delete(api, next(iter(seen.pods)))
        await seen.until(lambda: len(seen.pods) == 3 and {pod.metadata.uid for pod in seen.pods.values()} != first)
        assert len(first & {pod.metadata.uid for pod in seen.pods.values()}) == 2
        await set_running(api, seen.pods.values())
        running = set(seen.pods)
        await api.pods.create_pod(pods.CreatePodRequest(pod=make_pod("stranger", labels=LABELS)))
        await seen.until(lambda: bool(seen.told("successfulDelete", "shop")))
        await settled(seen, 3)
        assert set(seen.pods) == running, "the one that was pending went"


async def test_pods_that_match_are_adopted_and_those_that_are_over_are_not_counted(
    api: OwnApi, seen: Following
) -> None:
    for name in ("mine", "ended"):
        await api.pods.create_pod(pods.CreatePodRequest(pod=make_pod(name, labels=LABELS)))
    await set_status(api, "ended", FAILED)
    async with running_controllers(api.address):
        await create(api, make_controller("shop", 2))
        await seen.until(lambda: replicas(seen) == 2)
        assert len(seen.pods) == 3
        assert {"mine", "ended"} < set(seen.pods)


async def test_a_controller_grows_to_500_and_never_beyond_and_shrinks_to_nothing(api: OwnApi, seen: Following) -> None:
    most = 0

    def count(*_change: object) -> None:
        nonlocal most
        most = max(most, len(seen.pods))

    seen.informers[0].on_change(count)
    async with running_controllers(api.address), running_controllers(api.address, leader_elect=False):
        await create(api, make_controller("shop", 500))
        await settled(seen, 500)
        assert most == 500
        await resize(api, "shop", 0)
        await settled(seen, 0)


async def test_a_template_that_is_refused_is_told_and_tried_again_later(api: OwnApi, seen: Following) -> None:
    async with running_controllers(api.address):
        await create(api, make_controller("shop", 0))
        await api.apiserver.kinds.replication_controllers.change("default", "shop", spoil)
        await seen.until(lambda: bool(seen.told("failedCreate", "shop")))
        assert "spec.containers[0].image" in seen.told("failedCreate", "shop")[0]
        assert not seen.pods
        await api.apiserver.kinds.replication_controllers.change("default", "shop", repair)
        await settled(seen, 1)


async def test_what_a_quota_forbids_is_told_and_made_when_there_is_room(api: OwnApi, seen: Following) -> None:
    quotas = Objects(RESOURCE_QUOTA, api.channel)
    await quotas.create(ResourceQuota(metadata={"name": "quota"}, spec={"hard": {"pods": "5"}}))
    async with running_controllers(api.address):
        await create(api, make_controller("shop", 10))
        await seen.until(lambda: len(seen.pods) == 5 and bool(seen.told("failedCreate", "shop")))
        assert "limited to 5 pods by quota quota" in seen.told("failedCreate", "shop")[0]
        wider = await quotas.get("quota")
        wider.spec.hard["pods"] = "8"
        await quotas.update(wider)
        await seen.until(lambda: len(seen.pods) == replicas(seen) == 8)
        await resize(api, "shop", 7)
        await settled(seen, 7)


async def test_a_pod_that_fails_is_replaced_after_a_pause(api: OwnApi, seen: Following) -> None:
    async with running_controllers(api.address):
        await create(api, make_controller("shop", 1))
        await settled(seen, 1)
        (first,) = seen.pods.values()
        await set_status(api, first.metadata.name, FAILED)
        failed = asyncio.get_running_loop().time()
        await seen.until(lambda: len(seen.pods) == 2)
        assert asyncio.get_running_loop().time() - failed > FIRST_PAUSE * 0.9


async def test_pods_outlive_their_controller(api: OwnApi, seen: Following) -> None:
    async with running_controllers(api.address):
        await create(api, make_controller("shop", 2))
        await settled(seen, 2)
        await api.replication_controllers.delete_replication_controller(
            rcs.DeleteReplicationControllerRequest(namespace="default", name="shop")
        )
        await create(api, make_controller("other", 1, version="2"))
        await seen.until(lambda: len(seen.pods) == 3)


async def test_an_outage_of_the_apiserver_changes_no_count(tmp_path: Path) -> None:
    store = tmp_path / "peapod.db"
    async with running_apiserver(store) as api:
        address = api.address
        await create(api, make_controller("shop", 30))
        controllers = running_controllers(address)
        await controllers.__aenter__()
        async with following(api, REPLICATION_CONTROLLER) as seen:
            await seen.until(lambda: len(seen.pods) >= 5)
    async with running_apiserver(store, address=address), connected(address) as api:
        async with following(api, REPLICATION_CONTROLLER) as seen:
            await settled(seen, 30)
            await resize(api, "shop", 10)
            await settled(seen, 10)
        await controllers.__aexit__(None, None, None)
