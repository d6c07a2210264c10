"""Whether this node takes a pod: the last check before anything of it is made, by the node that would pay for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from peapod.common import quantity
from peapod.common.errors import Violation
from peapod.kubelet.naming import NETWORK
from peapod.v1 import pod_pb2

_ANY = frozenset({"", "0.0.0.0", "::"})


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
    capacity: Mapping[str, str],
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
    if shortage := _shortage(pod, running, capacity):
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
    mine = _host_ports(pod)
    theirs = _host_ports(other) if mine else []
    for port, protocol, ip in mine:
        for their_port, their_protocol, their_ip in theirs:
            same_address = ip == their_ip or ip in _ANY or their_ip in _ANY
            if (port, protocol) == (their_port, their_protocol) and same_address:
                return port
    return 0


def _host_ports(pod: pod_pb2.Pod) -> list[tuple[int, pod_pb2.Protocol, str]]:
    ports = [port for container in pod.spec.containers for port in container.ports if port.host_port]
    return [(port.host_port, port.protocol or pod_pb2.PROTOCOL_TCP, port.host_ip) for port in ports]


def _shortage(pod: pod_pb2.Pod, running: list[pod_pb2.Pod], capacity: Mapping[str, str]) -> str:
    """Say what the node has too little of; an amount that it does not name is without bounds."""
    if "pods" in capacity and len(running) >= quantity.whole(capacity["pods"]):
        return f"this node runs {len(running)} pods already, as many as it may"
    for name, amount in (("cpu", quantity.milli), ("memory", quantity.whole)):
        wanted = _demand(pod, name, amount)
        if not wanted or name not in capacity:
            continue
        taken = sum(_demand(other, name, amount) for other in running)
        if taken + wanted > amount(capacity[name]):
            return f"this node has too little {name} left for the pod"
    return ""


def _demand(pod: pod_pb2.Pod, name: str, amount: Callable[[str], int]) -> int:
    """Add up what the pod's containers may use: their limits, or where there is none, their requests."""
    resources = [container.resources for container in pod.spec.containers]
    texts = [one.limits.get(name) or one.requests.get(name) for one in resources]
    return sum(amount(text) for text in texts if text)


def _title(pod: pod_pb2.Pod) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}"
