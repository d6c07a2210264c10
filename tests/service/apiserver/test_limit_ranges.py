"""Limit ranges are kept at the door, whichever server they came by."""

from __future__ import annotations

import pytest

from peapod.common import errors, kinds
from peapod.v1.limit_range_pb2 import LimitRange
from tests.support.apiserver import Api
from tests.support.kinds import Objects
from tests.support.objects import make_pod
from tests.support.refusals import refusal


def limit_range(**item: object) -> LimitRange:
    return LimitRange(metadata={"name": "bounds"}, spec={"limits": [item]})


async def test_a_pod_beyond_a_range_is_refused_with_every_reason(api: Api) -> None:
    pods, ranges = Objects(kinds.POD, api.channel), Objects(kinds.LIMIT_RANGE, api.channel)
    asked = limit_range(type="Pod", max={"cpu": "1", "memory": "1Gi"})
    asked.spec.limits.add(type="Container", min={"cpu": "100m"})
    await ranges.create(asked)
    error = await refusal(pods.create(make_pod("a", cpu="50m", memory="2Gi")))
    assert isinstance(error, errors.Forbidden)
    assert error.message == (
        'Pod "a" is forbidden: maximum memory usage per pod is 1Gi, and this one has 2147483648;'
        " minimum cpu usage per container is 100m, and c has 50m"
    )
    assert await pods.names() == []
    await pods.create(make_pod("a", cpu="100m", memory="1Gi"))


async def test_a_range_holds_for_who_comes_by_another_server(apis: list[Api]) -> None:
    pods, ranges = Objects(kinds.POD, apis[-1].channel), Objects(kinds.LIMIT_RANGE, apis[0].channel)
    for number in range(20):
        made = await ranges.create(limit_range(type="Pod", max={"cpu": "1"}))
        assert isinstance(await refusal(pods.create(make_pod(f"p{number}", cpu="2"))), errors.Forbidden)
        made.spec.limits[0].max["cpu"] = "3"
        made = await ranges.update(made)
        await pods.create(make_pod(f"p{number}", cpu="2"))
        made.spec.limits[0].max["cpu"] = "1"
        await ranges.update(made)
        assert isinstance(await refusal(pods.create(make_pod(f"q{number}", cpu="2"))), errors.Forbidden)
        await ranges.delete("bounds")
        await pods.create(make_pod(f"q{number}", cpu="2"))


@pytest.mark.parametrize("namespace", ["", "other"])
async def test_a_range_is_for_its_own_namespace_and_for_what_comes(api: Api, namespace: str) -> None:
    pods = Objects(kinds.POD, api.channel)
    there = await pods.create(make_pod("before", cpu="2"))
    await Objects(kinds.LIMIT_RANGE, api.channel).create(limit_range(type="Pod", max={"cpu": "1"}))
    there.metadata.labels["tier"] = "front"
    await pods.update(there)
    if namespace:
        await pods.create(make_pod("a", cpu="2", namespace=namespace))
    else:
        assert isinstance(await refusal(pods.create(make_pod("a", cpu="2"))), errors.Forbidden)
