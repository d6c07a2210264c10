"""The endpoints of services against the real apiserver."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from peapod.common.kinds import ENDPOINTS
from peapod.v1 import endpoints_service_pb2 as requests
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1 import service_service_pb2 as services
from peapod.v1.endpoints_pb2 import Endpoints
from peapod.v1.service_pb2 import Service
from tests.support.apiserver import OwnApi
from tests.support.following import Following, following
from tests.support.kubelet import delete
from tests.support.objects import make_pod
from tests.support.own_controllers import running_controllers
from tests.support.statuses import set_running

LABELS = {"app": "shop"}


@pytest.fixture
async def seen(api: OwnApi) -> AsyncGenerator[Following]:
    async with following(api, ENDPOINTS) as watcher:
        yield watcher


def addresses(seen: Following, name: str = "shop") -> list[str] | None:
    found = seen.of(ENDPOINTS).get(name)
    return None if found is None else [one.ip for subset in found.subsets for one in subset.addresses]


async def create_service(api: OwnApi, name: str = "shop", *, selector: bool = True, ip: str = "") -> Service:
    service = Service(metadata={"name": name, "namespace": "default"})
    service.spec.selector.update(LABELS if selector else {})
    service.spec.cluster_ip = ip
    service.spec.ports.add(port=80)
    return (await api.services.create_service(services.CreateServiceRequest(service=service))).service


async def delete_service(api: OwnApi, name: str = "shop") -> None:
    await api.services.delete_service(services.DeleteServiceRequest(namespace="default", name=name))


async def create_pod(api: OwnApi, name: str, ip: str) -> None:
    pod = (await api.pods.create_pod(pods.CreatePodRequest(pod=make_pod(name, labels=LABELS)))).pod
    await set_running(api, [pod], ip=ip)


@pytest.mark.parametrize("ip", ["", "None"], ids=["with a portal", "headless"])
async def test_addresses_come_with_readiness_and_go_with_it_with_the_pod_and_with_the_service(
    api: OwnApi, seen: Following, ip: str
) -> None:
    async with running_controllers(api.address):
        await create_service(api, ip=ip)
        await seen.until(lambda: addresses(seen) == [])
        await create_pod(api, "a", "10.1.0.1")
        await create_pod(api, "b", "10.1.0.2")
        await seen.until(lambda: addresses(seen) == ["10.1.0.1", "10.1.0.2"])
        await set_running(api, [seen.pods["a"]], ready=False, ip="10.1.0.1")
        await seen.until(lambda: addresses(seen) == ["10.1.0.2"])
        await delete(api, "b")
        await seen.until(lambda: addresses(seen) == [])
        await delete_service(api)
        await seen.until(lambda: addresses(seen) is None)


async def test_what_happened_while_nobody_looked_is_made_up_for(api: OwnApi, seen: Following) -> None:
    await create_service(api, "gone")
    async with running_controllers(api.address):
        await create_service(api)
        await create_pod(api, "a", "10.1.0.1")
        await seen.until(lambda: addresses(seen) == addresses(seen, "gone") == ["10.1.0.1"])
    await delete_service(api, "gone")
    await delete(api, "a")
    await create_pod(api, "b", "10.1.0.2")
    async with running_controllers(api.address):
        await seen.until(lambda: addresses(seen) == ["10.1.0.2"] and addresses(seen, "gone") is None)


async def test_what_was_made_by_hand_is_left_alone(api: OwnApi, seen: Following) -> None:
    by_hand = Endpoints(metadata={"name": "outside", "namespace": "default"})
    by_hand.subsets.add(addresses=[{"ip": "192.0.2.1"}], ports=[{"port": 5432}])
    stored = (await api.endpoints.create_endpoints(requests.CreateEndpointsRequest(endpoints=by_hand))).endpoints
    async with running_controllers(api.address):
        await create_service(api, "outside", selector=False)
        await create_service(api)
        await create_pod(api, "a", "10.1.0.1")
        await seen.until(lambda: addresses(seen) == ["10.1.0.1"])
        await delete_service(api, "outside")
        await delete_service(api)
        await seen.until(lambda: addresses(seen) is None)
    assert seen.of(ENDPOINTS)["outside"] == stored


async def test_what_somebody_has_spoiled_is_set_right_and_nothing_else_is_written(api: OwnApi, seen: Following) -> None:
    async with running_controllers(api.address):
        await create_service(api)
        await create_pod(api, "a", "10.1.0.1")
        await seen.until(lambda: addresses(seen) == ["10.1.0.1"])
        version = seen.of(ENDPOINTS)["shop"].metadata.resource_version
        spoiled = Endpoints()
        spoiled.CopyFrom(seen.of(ENDPOINTS)["shop"])
        spoiled.ClearField("subsets")
        await api.endpoints.update_endpoints(requests.UpdateEndpointsRequest(endpoints=spoiled))
        await seen.until(lambda: addresses(seen) == [])
        await seen.until(lambda: addresses(seen) == ["10.1.0.1"])
        repaired = seen.of(ENDPOINTS)["shop"].metadata.resource_version
        await set_running(api, [seen.pods["a"]], ip="10.1.0.1")
        # By the time that another service has its endpoints, those of the first were looked at.
        await create_service(api, "other")
        await seen.until(lambda: addresses(seen, "other") == ["10.1.0.1"])
        assert version < repaired == seen.of(ENDPOINTS)["shop"].metadata.resource_version
