from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.common import quantity
from peapod.controllers.quotas.decide import Contents, differ, takes_up, used
from peapod.v1 import pod_pb2
from peapod.v1.resource_quota_pb2 import ResourceQuota
from tests.support.objects import make_pod

ALWAYS, ON_FAILURE, NEVER = (
    pod_pb2.RESTART_POLICY_ALWAYS,
    pod_pb2.RESTART_POLICY_ON_FAILURE,
    pod_pb2.RESTART_POLICY_NEVER,
)
RUNNING, SUCCEEDED, FAILED = pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED
EVERYTHING = ("pods", "cpu", "memory", "services", "replicationcontrollers", "resourcequotas", "storage")


def contents(*pods: pod_pb2.Pod) -> Contents:
    return Contents(pods, {"services": 2, "replicationcontrollers": 3, "resourcequotas": 1})


def test_pods_what_they_ask_for_and_objects_are_counted() -> None:
    pods = [make_pod("a", cpu="500m", memory="64Mi"), make_pod("b", cpu="1"), make_pod("c")]
    assert used(EVERYTHING, contents(*pods)) == {
        "pods": "3",
        "cpu": "1500m",
        "memory": str(64 << 20),
        "services": "2",
        "replicationcontrollers": "3",
        "resourcequotas": "1",
        "storage": "0",
    }


def test_only_what_is_bounded_is_told() -> None:
    assert used(["pods"], contents(make_pod())) == {"pods": "1"}


@pytest.mark.parametrize(
    ("policy", "phase", "counts"),
    [
        (ALWAYS, RUNNING, True),
        (ALWAYS, FAILED, True),
        (NEVER, RUNNING, True),
        (NEVER, SUCCEEDED, False),
        (ON_FAILURE, FAILED, False),
    ],
)
def test_a_pod_that_is_over_counts_only_if_it_would_be_started_again(
    policy: pod_pb2.RestartPolicy, phase: pod_pb2.PodPhase, counts: bool
) -> None:
    pod = make_pod(phase=phase)
    pod.spec.restart_policy = policy
    assert takes_up(pod) == counts


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 2**50)), max_size=20))
def test_nothing_is_lost_in_the_sum(asked: list[tuple[int, int]]) -> None:
    pods = [make_pod(cpu=f"{cpu}m", memory=str(memory)) for cpu, memory in asked]
    told = used(["cpu", "memory"], contents(*pods))
    assert quantity.milli(told["cpu"]) == sum(cpu for cpu, _ in asked)
    assert quantity.whole(told["memory"]) == sum(memory for _, memory in asked)


def test_a_status_is_written_for_other_amounts_and_not_for_other_spellings() -> None:
    quota = ResourceQuota()
    quota.spec.hard["cpu"] = "4"
    assert differ(quota, {"cpu": "1500m"})
    quota.status.hard["cpu"] = "4"
    quota.status.used["cpu"] = "1.5"
    assert not differ(quota, {"cpu": "1500m"})
    assert differ(quota, {"cpu": "2"})
    quota.spec.hard["pods"] = "10"
    assert differ(quota, {"cpu": "1500m", "pods": "0"})
