"""What objects take of their namespace, and what quotas and limit ranges say to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.rules import limit_range, resource_quota
from peapod.rules.usage import Usage, difference, thousandths, total, usage, written
from peapod.v1 import pod_pb2
from peapod.v1.limit_range_pb2 import LimitRange
from peapod.v1.resource_quota_pb2 import ResourceQuota
from peapod.v1.service_pb2 import Service
from tests.support.objects import make_pod

FAILED, RUNNING, SUCCEEDED = pod_pb2.POD_PHASE_FAILED, pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_SUCCEEDED
ALWAYS, NEVER = pod_pb2.RESTART_POLICY_ALWAYS, pod_pb2.RESTART_POLICY_NEVER

USAGES = st.dictionaries(st.sampled_from(["pods", "cpu"]), st.integers(-5000, 5000).filter(bool))


def pod_of(*containers: tuple[str, str]) -> pod_pb2.Pod:
    """A pod of containers with limits of CPU and of memory; empty is no limit."""
    pod = make_pod()
    del pod.spec.containers[:]
    for number, limits in enumerate(containers):
        container = pod.spec.containers.add(name=f"c{number}")
        container.resources.limits.update(
            {name: text for name, text in zip(("cpu", "memory"), limits, strict=True) if text}
        )
    return pod


def test_a_pod_counts_by_the_limits_of_all_its_containers() -> None:
    assert usage(pod_of(("250m", "1Ki"), ("1", ""))) == {"pods": 1000, "cpu": 1250, "memory": 1_024_000}
    requesting = pod_of(("", ""))
    requesting.spec.containers[0].resources.requests["cpu"] = "1"
    assert usage(requesting) == {"pods": 1000}


@pytest.mark.parametrize(
    ("phase", "policy", "counts"),
    [
        (RUNNING, NEVER, True),
        (FAILED, NEVER, False),
        (SUCCEEDED, NEVER, False),
        (FAILED, ALWAYS, False),
        (SUCCEEDED, ALWAYS, True),
    ],
)
def test_a_pod_that_is_over_for_good_counts_nothing(
    phase: pod_pb2.PodPhase, policy: pod_pb2.RestartPolicy, counts: bool
) -> None:
    pod = make_pod(phase=phase)
    pod.spec.restart_policy = policy
    assert bool(usage(pod)) == counts


def test_other_objects_count_by_the_piece() -> None:
    assert total([Service(), Service(), ResourceQuota()]) == {"services": 2000, "resourcequotas": 1000}
    assert usage(None) == {}


@given(USAGES, USAGES)
def test_what_comes_and_goes_again_leaves_nothing(one: Usage, other: Usage) -> None:
    assert difference([one, other], [other]) == one
    assert difference([one], [one]) == {}


@given(st.integers(0, 10**12))
def test_an_amount_is_read_as_it_was_written(amount: int) -> None:
    assert thousandths(written(amount)) == amount


def test_a_quota_is_counted_when_all_that_it_bounds_is() -> None:
    quota = ResourceQuota(spec={"hard": {"pods": "2", "storage": "1"}})
    assert not resource_quota.is_counted(quota)
    resource_quota.count(quota, {"pods": 1000, "cpu": 5})
    assert resource_quota.is_counted(quota)
    assert dict(quota.status.used) == {"pods": "1", "storage": "0"}
    assert quota.status.hard == quota.spec.hard
    quota.spec.hard["cpu"] = "1"
    assert not resource_quota.is_counted(quota)


def test_a_quota_lets_in_up_to_what_it_says_and_never_counts_below_nothing() -> None:
    quota = ResourceQuota(metadata={"name": "q"}, spec={"hard": {"pods": "2", "cpu": "1"}})
    resource_quota.count(quota, {"pods": 1000, "cpu": 1500})
    assert [*resource_quota.excess(quota, {"pods": 1000})] == []
    assert [*resource_quota.excess(quota, {"pods": 2000, "cpu": 1})] == [
        "limited to 1 cpu by quota q, of which 1500m are used",
        "limited to 2 pods by quota q, of which 1 are used",
    ]
    assert [*resource_quota.excess(quota, {"cpu": -500})] == [], "who gives back is never in the way"
    resource_quota.add(quota, {"pods": -3000})
    assert quota.status.used["pods"] == "0"


def ranges(kind: str, least: str, most: str) -> LimitRange:
    return LimitRange(spec={"limits": [{"type": kind, "min": {"cpu": least}, "max": {"cpu": most}}]})


def test_a_pods_sum_is_held_to_its_bounds() -> None:
    bounds = ranges("Pod", "500m", "1")
    assert [*limit_range.excess(bounds, pod_of(("300m", ""), ("200m", "")))] == []
    assert [*limit_range.excess(bounds, pod_of(("600m", ""), ("600m", "")))] == [
        "maximum cpu usage per pod is 1, and this one has 1200m"
    ]
    assert [*limit_range.excess(bounds, pod_of(("", "")))] == ["minimum cpu usage per pod is 500m, and this one has 0"]


def test_each_container_is_held_to_its_bounds_and_not_only_the_largest() -> None:
    found = [*limit_range.excess(ranges("Container", "200m", "1"), pod_of(("1", ""), ("100m", ""), ("2", "")))]
    assert found == [
        "minimum cpu usage per container is 200m, and c1 has 100m",
        "maximum cpu usage per container is 1, and c2 has 2",
    ]
