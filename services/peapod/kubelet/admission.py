"""Whether this node takes a pod: the last check before anything of it is made, by the node that would pay for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from peapod.common.demand import Demand, milli, whole
from peapod.common.errors import Violation
from peapod.kubelet.naming import NETWORK
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
    *,
    needs_network: bool,
) -> Refusal | Wait | None:
    """Judge a pod that is new here, beside those that this node runs and those it is about to end; None is welcome.

    `violations` are the fields that the runtime and the volumes cannot honour.
    """
    running = list(running)
    problems = [f"{one.field}: {one.description}" for one in [*violations, *_taken_names(pod, needs_network)]]
    if problems:
        return Refusal("Unsupported", f"this node cannot run the pod: {'; '.join(problems)}")
    for other in running:
        if port := _conflict(pod, other):
            return Refusal("HostPortConflict", f"host port {port} is in use by pod {_title(other)}")
    if shortage := _shortage(pod, running, allocatable):
        return Refusal("CapacityExceeded", shortage)
    for other in leaving:
        if port := _conflict(pod, other):
            return Wait(f"waits until pod {_title(other)} has left host port {port}")
    return None


def _taken_names(pod: pod_pb2.Pod, needs_network: bool) -> Iterable[Violation]:
    for index, container in enumerate(pod.spec.containers):
        if needs_network and container.name == NETWORK:
            problem = f'"{NETWORK}" is the name of the pod\'s network container'
            yield Violation(f"spec.containers[{index}].name", problem)


def _conflict(pod: pod_pb2.Pod, other: pod_pb2.Pod) -> int:
    """Find a host port that both want, on an address that both want; 0 is none."""
    mine = Demand.of(pod).ports
    theirs = Demand.of(other).ports if mine else ()
    return next((one.port for one in mine if any(one.conflicts(another) for another in theirs)), 0)


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
