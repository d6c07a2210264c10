"""Whether a pod fits on a node: one small function per rule, each says in one clause why not, or None.

Events and explanations say it in these words; those that name causes besides (causes.py) begin with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from peapod.common.demand import Demand
from peapod.scheduler.cluster import NodeState

_UNITS = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")

Predicate = Callable[[Demand, NodeState], str | None]


def has_no_obstacle(_demand: Demand, node: NodeState) -> str | None:
    """The node is known, ready and schedulable."""
    return node.facts.obstacle or None


def has_room_for_a_pod(_demand: Demand, node: NodeState) -> str | None:
    """The node may limit the number of its pods."""
    most = node.facts.pods
    return f"no room beside {most} pods" if most and node.pods >= most else None


def has_cpu(demand: Demand, node: NodeState) -> str | None:
    """All pods there and this one fit; a pod that asks for neither cpu nor memory always fits."""
    asks, most = demand.cpu or demand.memory, node.facts.cpu
    if not (asks and most and node.cpu + demand.cpu > most):
        return None
    return f"fewer than {cores(demand.cpu)} cores free" if demand.cpu else "no cpu left"


def has_memory(demand: Demand, node: NodeState) -> str | None:
    """Likewise."""
    asks, most = demand.cpu or demand.memory, node.facts.memory
    if not (asks and most and node.memory + demand.memory > most):
        return None
    return f"less than {size(demand.memory)} of memory free" if demand.memory else "no memory left"


def matches_selector(demand: Demand, node: NodeState) -> str | None:
    """The node carries every label that the pod selects."""
    labels = node.facts.labels
    if demand.selector <= labels:
        return None
    missing = ",".join(f"{key}={value}" for key, value in sorted(demand.selector - labels))
    return f"label {missing} is missing"


def has_free_ports(demand: Demand, node: NodeState) -> str | None:
    """No pod there publishes the same port of the same protocol on an overlapping address."""
    for port in demand.ports:
        if node.publishes(port):
            return f"host port {port} is taken"
    return None


def has_free_disks(demand: Demand, node: NodeState) -> str | None:
    """A disk has one writer, or any number of readers."""
    for disk in demand.disks:
        if node.clashes(disk):
            return f"disk {disk.name} is in use"
    return None


NAMES: Mapping[Predicate, str] = {
    has_no_obstacle: "NodeUsable",
    has_room_for_a_pod: "PodFitsResources",
    has_cpu: "PodFitsResources",
    has_memory: "PodFitsResources",
    matches_selector: "MatchNodeSelector",
    has_free_ports: "PodFitsPorts",
    has_free_disks: "NoDiskConflict",
}
"""What must hold on the node that a pod gets, by the names that the field knows."""

ALL: Sequence[Predicate] = tuple(NAMES)


def relevant(demand: Demand) -> Sequence[Predicate]:
    """Choose those that this pod can fail on a node without an obstacle, the cheapest first."""
    asked = (
        (has_room_for_a_pod, True),
        (has_cpu, bool(demand.cpu or demand.memory)),
        (has_memory, bool(demand.cpu or demand.memory)),
        (matches_selector, bool(demand.selector)),
        (has_free_ports, bool(demand.ports)),
        (has_free_disks, bool(demand.disks)),
    )
    return [predicate for predicate, can_fail in asked if can_fail]


def refusal(predicates: Sequence[Predicate], demand: Demand, node: NodeState) -> str | None:
    """Say why the node does not take the pod, by the first predicate that does not hold; None when it does."""
    for predicate in predicates:
        reason = predicate(demand, node)
        if reason is not None:
            return reason
    return None


def cores(cpu: int) -> str:
    """Write thousandths of a core as cores."""
    return f"{cpu / 1000:g}"


def size(count: int) -> str:
    """Write bytes in the largest unit of which there is one, to a tenth."""
    power = max((power for power in range(1, len(_UNITS)) if count >= 1024**power), default=0)
    return f"{count / 1024**power:.1f}".removesuffix(".0") + (_UNITS[power] or " bytes")
