"""Namespaces that are to go, against the real apiserver."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from peapod.common.kinds import KINDS, NAMESPACE, POD
from peapod.rules.mirror import MIRROR
from peapod.v1.namespace_pb2 import Namespace
from tests.support.apiserver import OwnApi
from tests.support.following import Following, following
from tests.support.kinds import Objects, make
from tests.support.own_controllers import running_controllers

CONTENTS = [kind for kind in KINDS if kind.namespaced]


@pytest.fixture
async def seen(api: OwnApi) -> AsyncGenerator[Following]:
    async with following(api, NAMESPACE) as watcher:
        yield watcher


async def create_namespace(api: OwnApi, *finalizers: str, name: str = "shop") -> None:
    namespace = Namespace(metadata={"name": name}, spec={"finalizers": finalizers})
    await Objects(NAMESPACE, api.channel).create(namespace)


async def create_pod(api: OwnApi, name: str = "a", *, mirror: bool = False) -> None:
    pod = make(POD, name, namespace="shop")
    if mirror:
        pod.metadata.annotations[MIRROR] = "uid"
        pod.spec.node_name = "n1"
    await Objects(POD, api.channel).create(pod)


async def terminate(api: OwnApi, name: str = "shop") -> None:
    await Objects(NAMESPACE, api.channel).delete(name)


async def contents(api: OwnApi, namespace: str) -> dict[str, int]:
    """Count the objects of a namespace, by kind."""
    found = {kind.plural: await Objects(kind, api.channel).names(namespace=namespace) for kind in CONTENTS}
    return {plural: len(names) for plural, names in found.items() if names}


async def test_a_namespace_goes_with_everything_in_it_and_no_other_loses_anything(api: OwnApi, seen: Following) -> None:
    await create_namespace(api)
    for namespace in ("shop", "default"):
        for kind in CONTENTS:
            await Objects(kind, api.channel).create(make(kind, namespace=namespace))
    async with running_controllers(api.address):
        await terminate(api)
        await seen.until(lambda: "shop" not in seen.of(NAMESPACE))
    assert await contents(api, "shop") == {}
    assert len(await contents(api, "default")) == len(CONTENTS)


async def test_many_objects_go_and_those_that_only_a_node_may_delete(api: OwnApi, seen: Following) -> None:
    await create_namespace(api)
    for number in range(120):
        await create_pod(api, f"p{number}", mirror=number % 2 == 0)
    async with running_controllers(api.address):
        await terminate(api)
        await seen.until(lambda: "shop" not in seen.of(NAMESPACE) and not seen.pods)


async def test_a_namespace_that_somebody_else_holds_is_emptied_and_stays(api: OwnApi, seen: Following) -> None:
    await create_namespace(api, "example.com/backup")
    await create_pod(api)
    async with running_controllers(api.address):
        await terminate(api)
        await seen.until(lambda: list(seen.of(NAMESPACE)["shop"].spec.finalizers) == ["example.com/backup"])
        await seen.until(lambda: not seen.pods)
        held = Namespace()
        held.CopyFrom(seen.of(NAMESPACE)["shop"])
        held.spec.ClearField("finalizers")
        await Objects(NAMESPACE, api.channel).update(held, "Finalize")
        await seen.until(lambda: "shop" not in seen.of(NAMESPACE))


async def test_a_namespace_that_is_in_use_is_left_alone(api: OwnApi, seen: Following) -> None:
    await create_namespace(api)
    await create_pod(api)
    async with running_controllers(api.address):
        await create_namespace(api, name="other")
        await terminate(api, "other")
        await seen.until(lambda: "other" not in seen.of(NAMESPACE))
    assert await contents(api, "shop") == {"pods": 1}
