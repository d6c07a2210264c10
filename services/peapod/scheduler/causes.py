"""What there is to say of a reason besides its clause: who holds what the pod wants, and how much is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from peapod.common.demand import Demand, Disk
from peapod.scheduler import predicates
from peapod.scheduler.cluster import Key, NodeState
from peapod.scheduler.predicates import Predicate, cores, size

Tenants = Sequence[tuple[Key, Demand]]
"""The pods on a node, and what each takes there."""

_NAMES_SHOWN = 3


def clauses(predicate: Predicate, demand: Demand, node: NodeState, tenants: Tenants) -> list[str]:
    """Say everything that a predicate has against a node, each thing in the predicate's own words with its cause."""
    if predicate is predicates.has_no_obstacle:
        return list(node.facts.obstacles or filter(None, [node.facts.obstacle]))
    found = ((predicate(wish, node), wish) for wish in _wishes(predicate, demand))
    return [reason + _CAUSES[predicate](wish, node, tenants) for reason, wish in found if reason]


def _wishes(predicate: Predicate, demand: Demand) -> Iterable[Demand]:
    """Take a demand apart where a predicate names only the first thing that it cannot have."""
    if predicate is predicates.has_free_ports:
        return (demand._replace(ports=(port,)) for port in demand.ports)
    if predicate is predicates.has_free_disks:
        return (demand._replace(disks=(disk,)) for disk in demand.disks)
    return (demand,)


def _cpu_left(_wish: Demand, node: NodeState, _tenants: Tenants) -> str:
    return f": {cores(max(0, node.facts.cpu - node.cpu))} of {cores(node.facts.cpu)}"


def _memory_left(_wish: Demand, node: NodeState, _tenants: Tenants) -> str:
    return f": {size(max(0, node.facts.memory - node.memory))} of {size(node.facts.memory)}"


def _publishers(wish: Demand, _node: NodeState, tenants: Tenants) -> str:
    (port,) = wish.ports
    return _by(key for key, demand in tenants if any(port.conflicts(other) for other in demand.ports))


def _mounters(wish: Demand, _node: NodeState, tenants: Tenants) -> str:
    (disk,) = wish.disks
    rivals = {key: demand.disks for key, demand in tenants if set(disk.rivals).intersection(demand.disks)}
    written = any(Disk(disk.name, False) in disks for disks in rivals.values())
    return _by(rivals) + (", which writes to it" if written else ", to read it")


def _nothing(_wish: Demand, _node: NodeState, _tenants: Tenants) -> str:
    return ""


_CAUSES: Mapping[Predicate, Callable[[Demand, NodeState, Tenants], str]] = {
    predicates.has_room_for_a_pod: _nothing,
    predicates.has_cpu: _cpu_left,
    predicates.has_memory: _memory_left,
    predicates.matches_selector: _nothing,
    predicates.has_free_ports: _publishers,
    predicates.has_free_disks: _mounters,
}


def _by(keys: Iterable[Key]) -> str:
    names = sorted(f"{namespace}/{name}" for namespace, name in keys)
    more = len(names) - _NAMES_SHOWN
    return " by " + ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "") if names else ""
