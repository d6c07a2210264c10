"""How well a pod fits: each priority gives every node that fits 0 to 10 points, in whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from peapod.common.demand import Demand
from peapod.scheduler.cluster import Cluster, NodeState

MOST = 10

Priority = Callable[[Demand, Sequence[NodeState], Cluster], list[int]]
"""Gives points to each of the nodes, in their order."""


def least_requested(demand: Demand, nodes: Sequence[NodeState], _cluster: Cluster) -> list[int]:
    """More for a node of which less is taken, this pod included: the mean of cpu and memory."""
    cpu, memory = demand.cpu, demand.memory
    return [
        (_free(node.facts.cpu, node.cpu + cpu) + _free(node.facts.memory, node.memory + memory)) // 2 for node in nodes
    ]


def spreading(demand: Demand, nodes: Sequence[NodeState], cluster: Cluster) -> list[int]:
    """More for a node with fewer pods of the same namespace and labels, against the node with most of them."""
    counts = cluster.spread(demand.group)
    if not counts:
        return [MOST] * len(nodes)
    most = max(counts.values())
    return [MOST * (most - counts.get(node.name, 0)) // most for node in nodes]


def equal(_demand: Demand, nodes: Sequence[NodeState], _cluster: Cluster) -> list[int]:
    """The same for all."""
    return [1] * len(nodes)


NAMES: Mapping[Priority, str] = {
    least_requested: "LeastRequestedPriority",
    spreading: "SpreadingPriority",
    equal: "EqualPriority",
}


def _free(allowed: int, used: int) -> int:
    return (allowed - used) * MOST // allowed if allowed and used <= allowed else 0
