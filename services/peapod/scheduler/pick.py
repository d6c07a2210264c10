"""The decision: which node gets a pod, and why not each of the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from random import Random
from typing import NamedTuple

from peapod.common.demand import Demand
from peapod.scheduler import predicates, priorities
from peapod.scheduler.cluster import Cluster, NodeState
from peapod.scheduler.priorities import Priority

WEIGHTS: tuple[tuple[Priority, int], ...] = ((priorities.least_requested, 1), (priorities.spreading, 1))
"""The priorities that count, and how much each does."""

_NAMES_SHOWN = 5


class Choice(NamedTuple):
    """The outcome for one pod: the node, or None, and why not each node that does not fit, by name."""

    node: str | None
    refusals: Mapping[str, str]


def pick(demand: Demand, cluster: Cluster, rng: Random, weights: Sequence[tuple[Priority, int]] = WEIGHTS) -> Choice:
    """Choose the node with most points of those where all predicates hold; `rng` breaks ties."""
    refusals = dict(cluster.obstacles)
    checks = predicates.relevant(demand)
    fitting = []
    for node in cluster.usable:
        reason = predicates.refusal(checks, demand, node)
        if reason is None:
            fitting.append(node)
        else:
            refusals[node.name] = reason
    return Choice(_best(demand, fitting, cluster, rng, weights) if fitting else None, refusals)


def fits_any(demand: Demand, cluster: Cluster, names: Iterable[str]) -> bool:
    """Tell whether one of these nodes takes the pod."""
    checks = predicates.relevant(demand)
    nodes = (cluster.get(name) for name in names)
    return any(node is not None and predicates.refusal(checks, demand, node) is None for node in nodes)


def sum_up(refusals: Mapping[str, str]) -> str:
    """Say in one line why no node fits, nodes with the same reason together, the most frequent reason first."""
    if not refusals:
        return "no node fits: there are none"
    by_reason: dict[str, list[str]] = {}
    for name, reason in refusals.items():
        by_reason.setdefault(reason, []).append(name)
    groups = sorted(by_reason.items(), key=lambda group: (-len(group[1]), group[0]))
    return "no node fits: " + "; ".join(f"{_counted(names)}: {reason} ({listed(names)})" for reason, names in groups)


def listed(names: Collection[str]) -> str:
    """Write some names out, and count the rest."""
    shown = sorted(names)[:_NAMES_SHOWN]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _best(
    demand: Demand,
    nodes: Sequence[NodeState],
    cluster: Cluster,
    rng: Random,
    weights: Sequence[tuple[Priority, int]],
) -> str:
    totals = [0] * len(nodes)
    for priority, weight in weights:
        points = priority(demand, nodes, cluster)
        totals = [total + weight * more for total, more in zip(totals, points, strict=True)]
    most = max(totals)
    return rng.choice([node.name for node, total in zip(nodes, totals, strict=True) if total == most])


def _counted(names: Collection[str]) -> str:
    return "1 node" if len(names) == 1 else f"{len(names)} nodes"
