"""What an object takes of its namespace's resources, in the words that quotas have for them (v1beta1.md, 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from peapod.common import demand, quantity
from peapod.v1 import pod_pb2
from peapod.v1.replication_controller_pb2 import ReplicationController
from peapod.v1.resource_quota_pb2 import ResourceQuota
from peapod.v1.service_pb2 import Service

Usage = dict[str, int]
"""Amounts by resource, in thousandths; what is not named is 0."""

ONE = 1000
"""One whole, in thousandths."""

_OBJECTS = {
    ReplicationController: "replicationcontrollers",
    ResourceQuota: "resourcequotas",
    Service: "services",
}


def usage(obj: Any) -> Usage:
    """Count one object: pods by their limits, and not those that are over for good; None counts nothing."""
    if isinstance(obj, pod_pb2.Pod):
        return {} if is_over(obj) else _pod_usage(obj)
    name = _OBJECTS.get(type(obj))
    return {name: ONE} if name else {}


def total(objects: Iterable[Any]) -> Usage:
    """Count many."""
    return difference((usage(obj) for obj in objects), ())


def difference(more: Iterable[Usage], less: Iterable[Usage]) -> Usage:
    """Add up, subtract, and leave out what comes to nothing."""
    sums: Usage = {}
    for sign, usages in ((1, more), (-1, less)):
        for one in usages:
            for name, amount in one.items():
                sums[name] = sums.get(name, 0) + sign * amount
    return {name: amount for name, amount in sums.items() if amount}


def is_over(pod: pod_pb2.Pod) -> bool:
    """Tell whether a pod has finished and will never run again: one that has failed never does, whatever its policy."""
    if pod.status.phase == pod_pb2.POD_PHASE_FAILED:
        return True
    finished = pod.status.phase == pod_pb2.POD_PHASE_SUCCEEDED
    return finished and pod.spec.restart_policy != pod_pb2.RESTART_POLICY_ALWAYS


def thousandths(text: str) -> int:
    """Read a quantity; raises ValueError."""
    return int(quantity.parse(text) * ONE)


def written(amount: int) -> str:
    """Write thousandths as a quantity."""
    return quantity.canonical(f"{amount}m")


def limits_of(container: pod_pb2.Container) -> Usage:
    """Read how much of each resource a container may take; without a limit, none is counted."""
    limits: Mapping[str, str] = container.resources.limits if container.HasField("resources") else {}
    reads = (("cpu", demand.milli), ("memory", lambda text: demand.whole(text) * ONE))
    return {name: amount for name, read in reads if (amount := read(limits[name]) if name in limits else 0)}


def _pod_usage(pod: pod_pb2.Pod) -> Usage:
    return difference([{"pods": ONE}, *map(limits_of, pod.spec.containers)], ())
