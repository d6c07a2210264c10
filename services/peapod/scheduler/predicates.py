"""Whether a pod fits on a node: one small function per rule, each says in one clause why not, or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from peapod.common.demand import Demand
from peapod.scheduler.cluster import NodeState

Predicate = Callable[[Demand, NodeState], str | None]


def has_no_obstacle(_demand: Demand, node: NodeState) -> str | None:
    """The node is known, ready and schedulable."""
    return node.facts.obstacle or None


def has_room_for_a_pod(_demand: Demand, node: NodeState) -> str | None:
    """The node may limit the number of its pods."""
    most = node.facts.pods
    return f"no room beside {most} pods" if most and node.pods >= most else None


def has_cpu_and_memory(demand: Demand, node: NodeState) -> str | None:
    """All pods there and this one fit in both resources; a pod that asks for neither always fits."""
    facts = node.facts
    if not (demand.cpu or demand.memory):
        return None
    if facts.cpu and node.cpu + demand.cpu > facts.cpu:
        return f"too little cpu for {demand.cpu}m"
    if facts.memory and node.memory + demand.memory > facts.memory:
        return f"too little memory for {demand.memory} bytes"
    return None


def matches_selector(demand: Demand, node: NodeState) -> str | None:
    """The node carries every label that the pod selects."""
    labels = node.facts.labels
    if demand.selector <= labels:
        return None
    missing = ",".join(f"{key}={value}" for key, value in sorted(demand.selector - labels))
    return f"label {missing} missing"


def has_free_ports(demand: Demand, node: NodeState) -> str | None:
    """No pod there publishes the same port of the same protocol on an overlapping address."""
    for port in demand.ports:
        if node.publishes(port):
            return f"host port {port} taken"
    return None


def has_free_disks(demand: Demand, node: NodeState) -> str | None:
    """A disk has one writer, or any number of readers."""
    for disk in demand.disks:
        if node.clashes(disk):
            return f"disk {disk.name} in use"
    return None


ALL: tuple[Predicate, ...] = (
    has_no_obstacle,
    has_room_for_a_pod,
    has_cpu_and_memory,
    matches_selector,
    has_free_ports,
    has_free_disks,
)
"""What must hold on the node that a pod gets."""


def relevant(demand: Demand) -> Sequence[Predicate]:
    """Choose those that this pod can fail on a node without an obstacle, the cheapest first."""
    asked = (
        (has_room_for_a_pod, True),
        (has_cpu_and_memory, bool(demand.cpu or demand.memory)),
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
