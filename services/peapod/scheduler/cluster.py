"""The scheduler's picture of the cluster: nodes, and what is placed on them.

It is kept up change by change and never recounted, so that a decision costs one look at each node and nothing
per pod; a test holds it equal to one that is built from scratch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from peapod.common.demand import ANY_IP, Demand, Disk, Group, HostPort, milli, whole
from peapod.v1 import meta_pb2, node_pb2

T = TypeVar("T")
Key = tuple[str, str]
"""A pod's namespace and name."""


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What the apiserver says of a node, as far as it matters here; equal facts place pods alike.

    `cpu` is in thousandths of a core, `memory` in bytes, `pods` a count; each is what pods may take in all, and 0
    is no limit. `obstacle` says in one clause why the node takes no pods at all, and is empty when it does.
    """

    cpu: int = 0
    memory: int = 0
    pods: int = 0
    labels: frozenset[tuple[str, str]] = frozenset()
    obstacle: str = ""
    obstacles: tuple[str, ...] = field(default=(), compare=False)
    """All of them, each with what is known of its cause, for people."""

    @classmethod
    def of(cls, node: node_pb2.Node) -> NodeFacts:
        """Read a node."""
        labels = frozenset(node.metadata.labels.items())
        try:
            cpu, memory, pods = (
                _amount(node.status, name, read) for name, read in (("cpu", milli), ("memory", whole), ("pods", whole))
            )
        except ValueError as wrong:
            bad = f"it reports a bad quantity: {wrong}"
            return cls(labels=labels, obstacle=bad, obstacles=(bad,))
        found = _obstacles(node)
        told = tuple(f"{what}: {cause}" if cause else what for what, cause in found)
        return cls(cpu, memory, pods, labels, found[0][0] if found else "", told)


UNKNOWN = NodeFacts(obstacle="not known")
"""The facts of a node that pods are placed on and that the apiserver does not have (any more)."""


@dataclass(slots=True)
class NodeState:
    """One node, and the sum of what is placed on it."""

    name: str
    facts: NodeFacts = UNKNOWN
    cpu: int = 0
    memory: int = 0
    pods: int = 0
    ports: dict[tuple[int, str], dict[str, int]] = field(default_factory=dict)
    """By port and protocol: how many pods publish it on each address."""
    disks: dict[Disk, int] = field(default_factory=dict)
    """How many pods mount each disk, readers and writers apart."""

    def add(self, demand: Demand) -> None:
        """Count a pod in."""
        self.cpu += demand.cpu
        self.memory += demand.memory
        self.pods += 1
        for port in demand.ports:
            _count(self.ports.setdefault(port[:2], {}), port.ip, 1)
        for disk in demand.disks:
            _count(self.disks, disk, 1)

    def subtract(self, demand: Demand) -> None:
        """Count a pod out that was counted in with this very demand."""
        self.cpu -= demand.cpu
        self.memory -= demand.memory
        self.pods -= 1
        for port in demand.ports:
            addresses = self.ports[port[:2]]
            _count(addresses, port.ip, -1)
            if not addresses:
                del self.ports[port[:2]]
        for disk in demand.disks:
            _count(self.disks, disk, -1)

    def publishes(self, port: HostPort) -> bool:
        """Tell whether a pod here publishes the port on an address that overlaps."""
        addresses = self.ports.get(port[:2])
        return addresses is not None and (port.ip == ANY_IP or ANY_IP in addresses or port.ip in addresses)

    def clashes(self, disk: Disk) -> bool:
        """Tell whether a pod here keeps others from mounting the disk so."""
        return any(rival in self.disks for rival in disk.rivals)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a pod is, and what it takes there."""

    node: str
    demand: Demand


@dataclass(slots=True)
class Cluster:
    """All nodes and all placed pods. Two clusters are equal when they would decide alike."""

    _nodes: dict[str, NodeState] = field(default_factory=dict)
    _usable: dict[str, NodeState] = field(default_factory=dict)
    _obstacles: dict[str, str] = field(default_factory=dict)
    _placed: dict[Key, Placement] = field(default_factory=dict)
    _groups: dict[Group, dict[str, int]] = field(default_factory=dict)

    @property
    def usable(self) -> Collection[NodeState]:
        """The nodes that take pods at all."""
        return self._usable.values()

    @property
    def obstacles(self) -> Mapping[str, str]:
        """Why each other node takes none."""
        return self._obstacles

    def get(self, name: str) -> NodeState | None:
        """Return a node if it takes pods."""
        return self._usable.get(name)

    def spread(self, group: Group) -> Mapping[str, int]:
        """How many pods of the group are on each registered node that has any."""
        counts = self._groups.get(group, {})
        return {name: count for name, count in counts.items() if self._nodes[name].facts is not UNKNOWN}

    def placement(self, key: Key) -> Placement | None:
        """Where a pod is, or None when it is not placed."""
        return self._placed.get(key)

    def nodes(self) -> list[NodeState]:
        """All nodes that are registered, by name."""
        return [node for _, node in sorted(self._nodes.items()) if node.facts is not UNKNOWN]

    def tenants(self) -> dict[str, list[tuple[Key, Demand]]]:
        """All placed pods by their nodes, and what each takes there. Looks at each pod."""
        found: dict[str, list[tuple[Key, Demand]]] = {}
        for key, placement in self._placed.items():
            found.setdefault(placement.node, []).append((key, placement.demand))
        return found

    def without(self, key: Key) -> Cluster:
        """Copy the cluster as it would be without a pod. The copy is for looking at, and shares its parts."""
        placement = self._placed.get(key)
        copy = Cluster(dict(self._nodes), dict(self._usable), self._obstacles, dict(self._placed), dict(self._groups))
        if placement is None:
            return copy
        node = self._nodes[placement.node]
        ports = {port: dict(addresses) for port, addresses in node.ports.items()}
        node = replace(node, ports=ports, disks=dict(node.disks))
        copy._nodes[node.name] = node
        if node.name in copy._usable:
            copy._usable[node.name] = node
        group = placement.demand.group
        copy._groups[group] = dict(copy._groups[group])
        copy.remove(key)
        return copy

    def set_node(self, name: str, facts: NodeFacts) -> bool:
        """Take a node's facts in; tell whether pods that fitted nowhere may fit here now."""
        node = self._nodes.setdefault(name, NodeState(name))
        before, node.facts = node.facts, facts
        if facts.obstacle:
            self._usable.pop(name, None)
            self._obstacles[name] = facts.obstacle
            return False
        self._obstacles.pop(name, None)
        self._usable[name] = node
        return facts != before

    def remove_node(self, name: str) -> None:
        """Forget a node; pods that are still placed there keep counting, should it come back."""
        self._usable.pop(name, None)
        self._obstacles.pop(name, None)
        if node := self._nodes.get(name):
            node.facts = UNKNOWN
            self._forget_if_empty(node)

    def place(self, key: Key, node: str, demand: Demand) -> str | None:
        """Count a pod in on a node, even one that is not known yet; doing so twice counts once.

        Returns the node on which the pod was counted until now, if that is another.
        """
        placement = Placement(node, demand)
        if self._placed.get(key) == placement:
            return None
        left = self.remove(key)
        self._placed[key] = placement
        self._nodes.setdefault(node, NodeState(node)).add(demand)
        _count(self._groups.setdefault(demand.group, {}), node, 1)
        return left if left != node else None

    def remove(self, key: Key) -> str | None:
        """Count a pod out; return the node that has room now, or None when the pod was not placed."""
        placement = self._placed.pop(key, None)
        if placement is None:
            return None
        node, demand = self._nodes[placement.node], placement.demand
        node.subtract(demand)
        self._forget_if_empty(node)
        members = self._groups[demand.group]
        _count(members, placement.node, -1)
        if not members:
            del self._groups[demand.group]
        return placement.node

    def _forget_if_empty(self, node: NodeState) -> None:
        if node.facts is UNKNOWN and node.pods == 0:
            del self._nodes[node.name]


def _amount(status: node_pb2.NodeStatus, name: str, read: Callable[[str], int]) -> int:
    text = status.allocatable.get(name) or status.capacity.get(name)
    return read(text) if text else 0


def _obstacles(node: node_pb2.Node) -> list[tuple[str, str]]:
    """Say why a node takes no pods, and what is known of the cause."""
    found = [("unschedulable", "an operator has closed it")] if node.spec.unschedulable else []
    ready = next((condition for condition in node.status.conditions if condition.type == "Ready"), None)
    if ready is None:
        found.append(("not ready, it has not reported yet", ""))
    elif ready.status != meta_pb2.CONDITION_STATUS_TRUE:
        found.append(("not ready", ready.message or ready.reason))
    return found


def _count(counts: dict[T, int], item: T, by: int) -> None:
    total = counts.get(item, 0) + by
    if total:
        counts[item] = total
    else:
        del counts[item]
