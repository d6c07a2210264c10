"""What is used of quotas, against the real apiserver."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable

import pytest

from peapod.common.kinds import POD, RESOURCE_QUOTA, SERVICE
from peapod.v1.resource_quota_pb2 import ResourceQuota
from tests.support.apiserver import OwnApi
from tests.support.following import Following, following
from tests.support.kinds import Objects, make
from tests.support.kubelet import delete
from tests.support.objects import make_pod
from tests.support.own_controllers import running_controllers


@pytest.fixture
async def seen(api: OwnApi) -> AsyncGenerator[Following]:
    async with following(api, RESOURCE_QUOTA) as watcher:
        yield watcher


async def create_quota(api: OwnApi, name: str, hard: Iterable[str]) -> None:
    quota = ResourceQuota(metadata={"name": name}, spec={"hard": dict.fromkeys(hard, "100")})
    await Objects(RESOURCE_QUOTA, api.channel).create(quota)


async def create_pod(api: OwnApi, name: str, cpu: str, namespace: str = "default") -> None:
    await Objects(POD, api.channel).create(make_pod(name, cpu=cpu, namespace=namespace))


def told(seen: Following, name: str = "quota") -> dict[str, str]:
    found = seen.of(RESOURCE_QUOTA).get(name, ResourceQuota())
    return dict(found.status.used)


async def test_what_is_used_is_counted_anew_as_it_changes(api: OwnApi, seen: Following) -> None:
    await create_pod(api, "a", "500m")
    await create_pod(api, "elsewhere", "8", "other")
    async with running_controllers(api.address):
        await create_quota(api, "quota", ["pods", "cpu", "services", "resourcequotas"])
        await seen.until(lambda: told(seen) == {"pods": "1", "cpu": "500m", "services": "0", "resourcequotas": "1"})
        await create_pod(api, "b", "1")
        await Objects(SERVICE, api.channel).create(make(SERVICE))
        await seen.until(lambda: told(seen) == {"pods": "2", "cpu": "1500m", "services": "1", "resourcequotas": "1"})
        await delete(api, "a")
        await create_quota(api, "second", ["memory"])
        await seen.until(lambda: told(seen) == {"pods": "1", "cpu": "1", "services": "1", "resourcequotas": "2"})
        await seen.until(lambda: told(seen, "second") == {"memory": "0"})
    assert dict(seen.of(RESOURCE_QUOTA)["quota"].status.hard) == dict(seen.of(RESOURCE_QUOTA)["quota"].spec.hard)


async def test_a_wrong_count_is_set_right_from_the_start(api: OwnApi, seen: Following) -> None:
    await create_quota(api, "quota", ["pods"])
    await create_pod(api, "a", "1")
    quotas = Objects(RESOURCE_QUOTA, api.channel)
    wrong = await quotas.get("quota")
    wrong.status.used["pods"] = "99"
    await quotas.update(wrong, "UpdateStatus")
    async with running_controllers(api.address):
        await seen.until(lambda: told(seen) == {"pods": "1"})
