"""Whether this node takes a pod: the last check before anything of it is made, by the node that would pay for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from peapod.common.demand import Demand, milli, whole
from peapod.common.errors import Violation
from peapod.v1 import pod_pb2


@dataclass(frozen=True, slots=True)
class Refusal:
    """The pod fails here, for good."""

    reason: str
    """One CamelCase word for the status."""
    message: str

    @property
    def event(self) -> str:
        """The reason as events spell it."""
        return self.reason[0].lower() + self.reason[1:]


@dataclass(frozen=True, slots=True)
class Wait:
    """The pod may come as soon as another, which is on its way out, is gone."""

    message: str


def decide(
    pod: pod_pb2.Pod,
    running: Iterable[pod_pb2.Pod],
    leaving: Iterable[pod_pb2.Pod],
    allocatable: Mapping[str, str],
    violations: Iterable[Violation],
    labels: Mapping[str, str] | None = None,
) -> Refusal | Wait | None:
    """Judge a pod that is new here, beside those that this node runs and those it is about to end; None is welcome.

    `violations` are the fields that the runtime, the volumes and the network cannot honour, `labels` the node's; None
    where they do not matter any more, as the pod was let in before.
    """
    running, demand = list(running), Demand.of(pod)
    problems = [f"{one.field}: {one.description}" for one in violations]
    if problems:
        return Refusal("Unsupported", f"this node cannot run the pod: {'; '.join(problems)}")
    if labels is not None and (missing := demand.selector - labels.items()):
        pairs = ",".join(f"{key}={value}" for key, value in sorted(missing))
        return Refusal("NodeSelectorMismatching", f"this node does not carry the label {pairs}")
    for other in running:
        if clash := _clash(demand, other):
            return Refusal(clash.reason, f"{clash.what} is in use by pod {_title(other)}")
    if shortage := _shortage(pod, running, allocatable):
        return Refusal("CapacityExceeded", shortage)
    for other in leaving:
        if clash := _clash(demand, other):
            return Wait(f"waits until pod {_title(other)} has left {clash.what}")
    return None


class _Clash(NamedTuple):
    reason: str
    what: str


def _clash(mine: Demand, other: pod_pb2.Pod) -> _Clash | None:
    """Find something that both pods want for themselves: a host port on one address, a disk."""
    theirs = Demand.of(other) if mine.ports or mine.disks else None
    if theirs is None:
        return None
    for port in mine.ports:
        if any(port.conflicts(another) for another in theirs.ports):
            return _Clash("HostPortConflict", f"host port {port}")
    for disk in mine.disks:
        if any(rival in theirs.disks for rival in disk.rivals):
            return _Clash("DiskConflict", f"disk {disk.name}")
    return None


def _shortage(pod: pod_pb2.Pod, running: list[pod_pb2.Pod], allocatable: Mapping[str, str]) -> str:
    """Say what the node has too little of; an amount that it does not name is without bounds."""
    if "pods" in allocatable and len(running) >= whole(allocatable["pods"]):
        return f"this node runs {len(running)} pods already, as many as it may"
    wanted, taken = Demand.of(pod), [Demand.of(other) for other in running]
    if _exceeds(wanted.cpu, [one.cpu for one in taken], "cpu", allocatable, milli):
        return "this node has too little cpu left for the pod"
    if _exceeds(wanted.memory, [one.memory for one in taken], "memory", allocatable, whole):
        return "this node has too little memory left for the pod"
    return ""


def _exceeds(
    wanted: int, taken: list[int], name: str, allocatable: Mapping[str, str], amount: Callable[[str], int]
) -> bool:
    return wanted > 0 and name in allocatable and sum(taken) + wanted > amount(allocatable[name])


def _title(pod: pod_pb2.Pod) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}"
