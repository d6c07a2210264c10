"""Why a pod is where it is, or why it is nowhere: every node judged, and the judgement summed up in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from peapod.common.demand import Demand
from peapod.rules.mirror import is_mirror
from peapod.scheduler import causes, pick, predicates, priorities
from peapod.scheduler.cluster import Cluster, NodeState
from peapod.scheduler.standing import Origin, Stage, Standing
from peapod.v1 import pod_pb2
from peapod.v1.placement_pb2 import NodeVerdict, Placement, PredicateFailure, PriorityScore

_HOST_NAME = "HostName"
_BEST = sum(weight for _, weight in pick.WEIGHTS) * priorities.MOST


def explain(pod: pod_pb2.Pod, cluster: Cluster, standing: Standing) -> Placement:
    """Judge all nodes for a pod as it is stored; one that has it is judged as if it had not."""
    placement = Placement(node_name=pod.spec.node_name)
    try:
        demand = Demand.of(pod)
    except ValueError as wrong:
        placement.summary = f"it asks for something that is no quantity: {wrong}"
        return placement
    placement.nodes.extend(judge(demand, cluster.without((pod.metadata.namespace, pod.metadata.name)), standing))
    placement.summary = summary(pod, placement.nodes, standing)
    return placement


def judge(demand: Demand, cluster: Cluster, standing: Standing) -> list[NodeVerdict]:
    """Say of each node, by name, all that is against it, or how good it is."""
    tenants = cluster.tenants()
    verdicts, fitting = [], []
    for node in cluster.nodes():
        failures = _failures(demand, node, tenants.get(node.name, ()), standing)
        verdicts.append(NodeVerdict(node_name=node.name, failures=failures))
        if not failures:
            fitting.append((node, verdicts[-1]))
    for priority, weight in pick.WEIGHTS:
        points = priority(demand, [node for node, _ in fitting], cluster)
        for (_, verdict), score in zip(fitting, points, strict=True):
            verdict.scores.append(PriorityScore(priority=priorities.NAMES[priority], score=score, weight=weight))
            verdict.total += score * weight
    return verdicts


def summary(pod: pod_pb2.Pod, verdicts: Sequence[NodeVerdict], standing: Standing) -> str:
    """Say in one sentence why the pod is where it is, or nowhere."""
    match standing.stage:
        case Stage.OVER:
            return f"it is over; its node was {standing.node}" if standing.node else "it gets no node any more"
        case Stage.PLACED:
            return f"{_origin(pod, standing)}, {_judgement(standing.node, verdicts)}"
        case Stage.BINDING:
            return f"{standing.node} was chosen for it a moment ago"
        case Stage.UNSEEN:
            return "the scheduler has not seen it yet"
        case Stage.WAITING:
            return _waiting(verdicts, standing.seconds)


def _failures(demand: Demand, node: NodeState, tenants: causes.Tenants, standing: Standing) -> list[PredicateFailure]:
    failures = [
        PredicateFailure(predicate=name, reason=reason)
        for predicate, name in predicates.NAMES.items()
        for reason in causes.clauses(predicate, demand, node, tenants)
    ]
    if standing.origin is Origin.PRESET and node.name != standing.node:
        failures.append(PredicateFailure(predicate=_HOST_NAME, reason=f"the pod names node {standing.node}"))
    return failures


def _origin(pod: pod_pb2.Pod, standing: Standing) -> str:
    if is_mirror(pod):
        return f"{standing.node} runs it from a manifest of its own, and asks nobody"
    if standing.origin is Origin.PRESET:
        return f"it was created for {standing.node}, past the scheduler"
    return f"bound to {standing.node}"


def _judgement(name: str, verdicts: Sequence[NodeVerdict]) -> str:
    own = next((verdict for verdict in verdicts if verdict.node_name == name), None)
    if own is None:
        return "which is not registered"
    if own.failures:
        return f"which would not take it now: {'; '.join(failure.reason for failure in own.failures)}"
    best = max((verdict for verdict in verdicts if not verdict.failures), key=lambda verdict: verdict.total)
    better = f"; {best.node_name} has {best.total} now" if best.total > own.total else ""
    return f"which fits with score {own.total} of {_BEST}{better}"


def _waiting(verdicts: Sequence[NodeVerdict], seconds: float | None) -> str:
    fitting = [verdict.node_name for verdict in verdicts if not verdict.failures]
    if fitting:
        what = f"fits on {pick.listed(fitting)}"
    else:
        what = pick.sum_up({verdict.node_name: "; ".join(f.reason for f in verdict.failures) for verdict in verdicts})
    if seconds is None:
        return f"{what}; it waits until a node changes"
    return f"{what}; its turn comes {f'in {seconds:.0f} s' if seconds else 'next'}"
