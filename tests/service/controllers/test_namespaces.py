"""Namespaces that are to go, against the real apiserver."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from peapod.common.kinds import KINDS, NAMESPACE, POD
from peapod.rules.mirror import MIRROR
from peapod.v1 import namespace_service_pb2 as requests
from peapod.v1.namespace_pb2 import NAMESPACE_PHASE_TERMINATING, Namespace
from tests.support.apiserver import OwnApi
from tests.support.controlling import running_controllers
from tests.support.following import Following, following
from tests.support.kinds import make

CONTENTS = [kind for kind in KINDS if kind.namespaced]


@pytest.fixture
async def seen(api: OwnApi) -> AsyncGenerator[Following]:
    async with following(api, NAMESPACE) as watcher:
        yield watcher


async def create_namespace(api: OwnApi, *finalizers: str) -> None:
    namespace = Namespace(metadata={"name": "shop"}, spec={"finalizers": finalizers})
    await api.namespaces.create_namespace(requests.CreateNamespaceRequest(namespace=namespace))


async def terminate(api: OwnApi) -> None:
    namespace = (await api.namespaces.get_namespace(requests.GetNamespaceRequest(name="shop"))).namespace
    namespace.status.phase = NAMESPACE_PHASE_TERMINATING
    await api.namespaces.update_namespace_status(requests.UpdateNamespaceStatusRequest(namespace=namespace))


async def contents(api: OwnApi, namespace: str) -> dict[str, int]:
    lists = {kind: kind.bound(kind.client(api.channel), "List") for kind in CONTENTS}
    found = {kind: await call(kind.request("List", namespace=namespace)) for kind, call in lists.items()}
    return {kind.plural: len(answer.items) for kind, answer in found.items() if answer.items}


async def test_a_namespace_goes_with_everything_in_it_and_no_other_loses_anything(api: OwnApi, seen: Following) -> None:
    await create_namespace(api)
    for namespace in ("shop", "default"):
        for kind in CONTENTS:
            request = kind.request("Create", **{kind.singular: make(kind, namespace=namespace)})
            await kind.bound(kind.client(api.channel), "Create")(request)
    before = await contents(api, "default")
    assert len(before) == len(CONTENTS)
    async with running_controllers(api.address, leader_elect=False):
        await terminate(api)
        await seen.until(lambda: "shop" not in seen.of(NAMESPACE))
    assert await contents(api, "shop") == {}
    assert (
        before.items()
        <= (await contents(api, "default") | {"pods": before["pods"], "events": before["events"]}).items()
    )


async def test_many_objects_go_and_those_that_only_a_node_may_delete(api: OwnApi, seen: Following) -> None:
    await create_namespace(api)
    for number in range(120):
        pod = make(POD, f"p{number}", namespace="shop")
        if number % 2:
            pod.metadata.annotations[MIRROR] = "uid"
            pod.spec.node_name = "n1"
        await POD.bound(api.pods, "Create")(POD.request("Create", pod=pod))
    async with running_controllers(api.address):
        await terminate(api)
        await seen.until(lambda: "shop" not in seen.of(NAMESPACE) and not seen.pods)


async def test_a_namespace_that_somebody_else_holds_is_emptied_and_stays(api: OwnApi, seen: Following) -> None:
    await create_namespace(api, "example.com/backup")
    await POD.bound(api.pods, "Create")(POD.request("Create", pod=make(POD, namespace="shop")))
    async with running_controllers(api.address):
        await terminate(api)
        await seen.until(lambda: list(seen.of(NAMESPACE)["shop"].spec.finalizers) == ["example.com/backup"])
        await seen.until(lambda: not seen.pods)
        held = Namespace()
        held.CopyFrom(seen.of(NAMESPACE)["shop"])
        held.spec.ClearField("finalizers")
        await api.namespaces.finalize_namespace(requests.FinalizeNamespaceRequest(namespace=held))
        await seen.until(lambda: "shop" not in seen.of(NAMESPACE))


async def test_a_namespace_that_is_in_use_is_left_alone(api: OwnApi, seen: Following) -> None:
    await create_namespace(api)
    await POD.bound(api.pods, "Create")(POD.request("Create", pod=make(POD, namespace="shop")))
    async with running_controllers(api.address):
        other = Namespace(metadata={"name": "other"})
        await api.namespaces.create_namespace(requests.CreateNamespaceRequest(namespace=other))
        found = (await api.namespaces.get_namespace(requests.GetNamespaceRequest(name="other"))).namespace
        found.status.phase = NAMESPACE_PHASE_TERMINATING
        await api.namespaces.update_namespace_status(requests.UpdateNamespaceStatusRequest(namespace=found))
        await seen.until(lambda: "other" not in seen.of(NAMESPACE))
    assert await contents(api, "shop") == {"pods": 1}
