"""What a namespace uses of what its quotas bound (v1beta1.md, 8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from peapod.common import quantity
from peapod.common.demand import Demand
from peapod.controllers.pod_state import is_over
from peapod.v1 import pod_pb2
from peapod.v1.resource_quota_pb2 import ResourceQuota


@dataclass(frozen=True)
class Contents:
    """What of a namespace counts: its pods, and how many objects there are of the other kinds, by resource."""

    pods: Collection[pod_pb2.Pod]
    counts: Mapping[str, int]


def used(hard: Collection[str], contents: Contents) -> dict[str, str]:
    """Count what is used of each resource that is bounded. Raises ValueError for a pod's quantity that is none."""
    pods = [pod for pod in contents.pods if takes_up(pod)]
    demands = [Demand.of(pod) for pod in pods] if {"cpu", "memory"}.intersection(hard) else []
    all_used = {
        "pods": str(len(pods)),
        "cpu": quantity.canonical(f"{sum(demand.cpu for demand in demands)}m"),
        "memory": str(sum(demand.memory for demand in demands)),
        "storage": "0",
        **{resource: str(count) for resource, count in contents.counts.items()},
    }
    return {resource: all_used[resource] for resource in hard}


def takes_up(pod: pod_pb2.Pod) -> bool:
    """Tell whether a pod counts: one that is over does only if it would be started again."""
    return pod.spec.restart_policy == pod_pb2.RESTART_POLICY_ALWAYS or not is_over(pod)


def differ(stored: ResourceQuota, now: Mapping[str, str]) -> bool:
    """Tell whether a status has to be written: amounts are compared, and not how they are spelled."""
    status = stored.status
    return dict(status.hard) != dict(stored.spec.hard) or _amounts(status.used) != _amounts(now)


def _amounts(written: Mapping[str, str]) -> dict[str, object]:
    return {resource: quantity.parse(text) for resource, text in written.items()}
