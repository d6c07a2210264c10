"""Quotas are kept at the door: nothing comes in beyond them, whatever races, and what goes gives back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from typing import Any

import pytest

from peapod.common import errors, kinds
from peapod.rules.usage import written
from peapod.v1 import pod_pb2, pod_service_pb2
from peapod.v1.resource_quota_pb2 import ResourceQuota
from tests.support.apiserver import Api
from tests.support.kinds import Objects, make
from tests.support.objects import make_pod
from tests.support.refusals import refusal

MANY, MOST = 50, 10


def quota(name: str = "q", namespace: str = "team", **hard: str) -> ResourceQuota:
    return ResourceQuota(metadata={"name": name, "namespace": namespace}, spec={"hard": hard})


def pod(name: str, *, cpu: str = "", memory: str = "") -> pod_pb2.Pod:
    return make_pod(name, namespace="team", cpu=cpu, memory=memory)


async def used(api: Api, name: str = "q") -> dict[str, str]:
    return dict((await Objects(kinds.RESOURCE_QUOTA, api.channel).get(name, namespace="team")).status.used)


async def outcomes(calls: Iterable[Any]) -> tuple[list[Any], list[BaseException]]:
    """Make all calls at once; return what came of those that were let in, and of the others."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    refused = [result for result in results if isinstance(result, BaseException)]
    return [result for result in results if not isinstance(result, BaseException)], refused


def spread(apis: list[Api], kind: kinds.Kind) -> list[Objects]:
    """A caller for each of many calls, over all apiservers in turns."""
    return [Objects(kind, apis[number % len(apis)].channel) for number in range(MANY)]


async def test_of_many_at_once_no_more_come_in_than_may(apis: list[Api]) -> None:
    await Objects(kinds.RESOURCE_QUOTA, apis[0].channel).create(quota(pods=str(MOST)))
    pods = spread(apis, kinds.POD)
    created, refused = await outcomes(objects.create(pod(f"p{i}")) for i, objects in enumerate(pods))
    assert (len(created), len(refused)) == (MOST, MANY - MOST)
    for problem in refused:
        error = errors.from_rpc(problem)  # type: ignore[arg-type]
        assert isinstance(error, errors.Forbidden)
        assert "is forbidden: limited to 10 pods by quota q, of which 10 are used" in error.message
    assert len(await pods[0].names(namespace="team")) == MOST
    assert await used(apis[-1]) == {"pods": "10"}


async def test_many_who_come_and_go_at_once_are_counted_rightly(apis: list[Api]) -> None:
    await Objects(kinds.RESOURCE_QUOTA, apis[0].channel).create(quota(pods=str(MOST), cpu="1"))
    draw = random.Random(5)

    async def come_and_go(number: int) -> None:
        mine = Objects(kinds.POD, apis[number % len(apis)].channel)
        theirs = Objects(kinds.POD, apis[(number + 1) % len(apis)].channel)
        for again in range(4):
            name = f"p{number}-{again}"
            created, _ = await outcomes([mine.create(pod(name, cpu="100m"))])
            if created and draw.random() < 0.7:
                await theirs.delete(name, namespace="team")

    await asyncio.gather(*(come_and_go(number) for number in range(16)))
    left = len(await Objects(kinds.POD, apis[0].channel).names(namespace="team"))
    assert 0 < left <= MOST
    assert await used(apis[0]) == {"pods": str(left), "cpu": written(left * 100)}


async def test_a_quota_that_comes_in_the_middle_counts_all_that_there_is(apis: list[Api]) -> None:
    pods = spread(apis, kinds.POD)
    creating = asyncio.gather(*(objects.create(pod(f"a{i}")) for i, objects in enumerate(pods)), return_exceptions=True)
    await Objects(kinds.RESOURCE_QUOTA, apis[0].channel).create(quota(pods=str(MOST)))
    await creating
    before = len(await pods[0].names(namespace="team"))
    created, _ = await outcomes(objects.create(pod(f"b{i}")) for i, objects in enumerate(pods))
    assert len(created) == max(0, MOST - before)
    left = await pods[0].names(namespace="team")
    assert len(left) == max(before, MOST)
    await asyncio.gather(*(pods[0].delete(name, namespace="team") for name in left))
    await pods[-1].create(pod("last"))
    assert await used(apis[0]) == {"pods": "1"}


async def test_pods_count_by_their_limits(api: Api) -> None:
    pods, quotas = Objects(kinds.POD, api.channel), Objects(kinds.RESOURCE_QUOTA, api.channel)
    await quotas.create(quota(cpu="1", memory="1Gi"))
    await pods.create(pod("a", cpu="600m", memory="512Mi"))
    assert await used(api) == {"cpu": "600m", "memory": "536870912"}
    error = await refusal(pods.create(pod("b", cpu="500m", memory="513Mi")))
    assert error.message == (
        'Pod "b" is forbidden: limited to 1 cpu by quota q, of which 600m are used;'
        " limited to 1Gi memory by quota q, of which 536870912 are used"
    )
    await pods.create(pod("free"))
    assert await used(api) == {"cpu": "600m", "memory": "536870912"}
    await pods.delete("a", namespace="team")
    await pods.create(pod("b", cpu="1", memory="1Gi"))
    assert await used(api) == {"cpu": "1", "memory": "1073741824"}


@pytest.mark.parametrize("kind", [kinds.SERVICE, kinds.REPLICATION_CONTROLLER], ids=lambda kind: kind.singular)
async def test_other_objects_are_counted_by_the_piece(api: Api, kind: kinds.Kind) -> None:
    objects = Objects(kind, api.channel)
    name = kind.plural.replace("_", "")
    await objects.create(make(kind, "before", namespace="team"))
    await Objects(kinds.RESOURCE_QUOTA, api.channel).create(quota(**{name: "2"}))
    await objects.create(make(kind, "a", namespace="team"))
    assert isinstance(await refusal(objects.create(make(kind, "b", namespace="team"))), errors.Forbidden)
    await objects.create(make(kind, "b", namespace="elsewhere"))
    await objects.delete("before", namespace="team")
    assert await used(api) == {name: "1"}


async def test_quotas_are_counted_but_not_by_themselves_as_they_come_and_go(api: Api) -> None:
    quotas = Objects(kinds.RESOURCE_QUOTA, api.channel)
    await quotas.create(quota(resourcequotas="2"))
    await quotas.create(quota("other", pods="1"))
    assert await used(api) == {"resourcequotas": "2"}
    assert isinstance(await refusal(quotas.create(quota("third", pods="1"))), errors.Forbidden)
    await quotas.delete("other", namespace="team")
    assert await used(api) == {"resourcequotas": "1"}
    await quotas.delete("q", namespace="team")


async def test_a_quota_that_bounds_more_than_before_is_counted_anew(apis: list[Api]) -> None:
    quotas, pods = Objects(kinds.RESOURCE_QUOTA, apis[0].channel), Objects(kinds.POD, apis[-1].channel)
    made = await quotas.create(quota(services="1"))
    await pods.create(pod("a"))
    made.spec.hard["pods"] = "2"
    await quotas.update(made)
    await pods.create(pod("b"))
    assert isinstance(await refusal(pods.create(pod("c"))), errors.Forbidden)
    assert await used(apis[0]) == {"services": "0", "pods": "2"}


async def test_a_pod_that_is_over_is_not_given_back_again_when_it_goes(api: Api) -> None:
    pods, quotas = Objects(kinds.POD, api.channel), Objects(kinds.RESOURCE_QUOTA, api.channel)
    await quotas.create(quota(pods="2"))
    over = pod("over")
    over.spec.restart_policy = pod_pb2.RESTART_POLICY_NEVER
    await pods.create(over)
    await pods.create(pod("b"))
    status = pod_service_pb2.PodStatusUpdate(namespace="team", name="over", status={"phase": "POD_PHASE_SUCCEEDED"})
    await api.pods.update_pod_statuses(pod_service_pb2.UpdatePodStatusesRequest(updates=[status]))
    counted = await quotas.get("q", namespace="team")
    counted.status.used["pods"] = "1"
    await quotas.update(counted, "UpdateStatus")
    await pods.delete("over", namespace="team")
    assert await used(api) == {"pods": "1"}


async def test_what_is_refused_for_another_reason_takes_nothing(api: Api) -> None:
    pods = Objects(kinds.POD, api.channel)
    await Objects(kinds.RESOURCE_QUOTA, api.channel).create(quota(pods="2"))
    await pods.create(pod("a"))
    assert isinstance(await refusal(pods.create(pod("a"))), errors.AlreadyExists)
    await pods.create(pod("checked"), validate_only=True)
    assert await used(api) == {"pods": "1"}
