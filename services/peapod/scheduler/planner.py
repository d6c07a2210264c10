"""The scheduler's mind: takes in what the watches show, decides in batches, and learns how the bindings went.

It never waits and never calls anybody. What holds: a pod is decided on only while it has no node, a decision
counts on its node until the watch shows it or it fails, and no decision breaks a predicate.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from random import Random

from peapod.common.demand import Demand
from peapod.scheduler.assumed import Assumed, Decision
from peapod.scheduler.cluster import Cluster, Key, NodeFacts
from peapod.scheduler.pick import fits_any, pick, sum_up
from peapod.scheduler.queue import Pending, Queue
from peapod.scheduler.standing import Origin, Stage, Standing
from peapod.v1 import node_pb2, pod_pb2

logger = logging.getLogger(__name__)

_FINISHED = (pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One pod that fits nowhere, and why, in one line."""

    pod: Pending
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What one batch came to."""

    decisions: list[Decision] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    """Only those whose words are new."""
    more: bool = False
    """Whether pods may be left to decide on at once."""


class Planner:
    """Knows the cluster, the queue and what is assumed; `rng` breaks ties, `clock` is monotonic seconds."""

    def __init__(self, rng: Random, clock: Callable[[], float] = time.monotonic) -> None:
        self._rng = rng
        self.cluster = Cluster()
        self.queue = Queue(clock)
        self._assumed = Assumed(clock)
        self._origins: dict[Key, tuple[str, Origin]] = {}
        self.watching = False
        """Whether every pod is seen from its creation on; until then, some were there before."""

    def pod_changed(self, pod: pod_pb2.Pod) -> None:
        """Take in a pod that was added or changed."""
        key = (pod.metadata.namespace, pod.metadata.name)
        node = pod.spec.node_name
        if pod.status.phase in _FINISHED or (not node and pod.metadata.HasField("deletion_timestamp")):
            self.pod_gone(key)
        elif node:
            self._trace(key, pod)
            self._settle(key)
            self._wake(self.cluster.place(key, node, Demand.of(pod)))
        else:
            self._wait(key, pod)

    def pod_gone(self, key: Key) -> None:
        """Take in that a pod is gone, or will never run again."""
        self._origins.pop(key, None)
        self._settle(key)
        self._wake(self.cluster.remove(key))

    def node_changed(self, node: node_pb2.Node) -> None:
        """Take in a node that was added or changed; a mere heartbeat wakes nobody."""
        name = node.metadata.name
        if self.cluster.set_node(name, NodeFacts.of(node)):
            self._wake(name)

    def node_gone(self, name: str) -> None:
        """Take in that a node is gone."""
        self.cluster.remove_node(name)

    def decide(self, most: int) -> Plan:
        """Decide on the pods that are ready, `most` at once."""
        plan = Plan()
        for _ in range(most):
            pod = self.queue.take(self._fits)
            if pod is None:
                return plan
            try:
                self._decide(pod, plan)
            except Exception:
                # One pod that nobody can decide on must not keep the others waiting.
                logger.exception("cannot decide on pod %s/%s", *pod.key)
                self.queue.delay(pod)
        return replace(plan, more=True)

    def stands(self, decision: Decision) -> bool:
        """Tell whether a decision still has to be carried out: its pod is there and was not seen bound."""
        return decision in self._assumed

    def bound(self, decision: Decision) -> None:
        """Learn that the apiserver has stored a binding."""
        self._assumed.answered(decision)

    def failed(self, decision: Decision) -> None:
        """Learn that it has refused one: the pod comes back after its backoff."""
        if self.stands(decision):
            self._assumed.drop(decision.pod.key)
            self._wake(self.cluster.remove(decision.pod.key))
            self.queue.delay(decision.pod)

    def standing(self, pod: pod_pb2.Pod) -> Standing:
        """Tell how a pod stands with the scheduler now."""
        metadata, node = pod.metadata, pod.spec.node_name
        key = (metadata.namespace, metadata.name)
        if pod.status.phase in _FINISHED:
            return Standing(Stage.OVER, node)
        if node:
            uid, origin = self._origins.get(key, ("", Origin.UNKNOWN))
            return Standing(Stage.PLACED, node, origin if uid == metadata.uid else Origin.UNKNOWN)
        if metadata.HasField("deletion_timestamp"):
            return Standing(Stage.OVER)
        decision = self._assumed.get(key)
        if decision is not None and decision.pod.uid == metadata.uid:
            return Standing(Stage.BINDING, decision.node)
        waiting = self.queue.get(key)
        if waiting is None or waiting.uid != metadata.uid:
            return Standing(Stage.UNSEEN)
        return Standing(Stage.WAITING, seconds=self.queue.seconds_left(waiting))

    def next_due(self) -> float | None:
        """When `decide` may have something to do even if nothing happens; None when never."""
        return min((due for due in (self.queue.next_due(), self._assumed.next_due()) if due is not None), default=None)

    def expire(self) -> list[Decision]:
        """Give up the bindings that were stored and never seen; their pods come back after their backoff."""
        late = self._assumed.expired()
        for decision in late:
            self.failed(decision)
        return late

    def _wait(self, key: Key, pod: pod_pb2.Pod) -> None:
        uid = pod.metadata.uid
        decision = self._assumed.get(key)
        if decision is not None and decision.pod.uid == uid:
            return
        if self.cluster.placement(key) is not None:
            self.pod_gone(key)  # this one has taken its name
        self.queue.add(Pending(key, uid, Demand.of(pod)))

    def _decide(self, pod: Pending, plan: Plan) -> None:
        choice = pick(pod.demand, self.cluster, self._rng)
        if choice.node is not None:
            plan.decisions.append(self._assume(pod, choice.node))
            return
        why = sum_up(choice.refusals)
        self.queue.park(pod)
        if why != pod.told:
            pod.told = why
            plan.refusals.append(Refusal(pod, why))

    def _assume(self, pod: Pending, node: str) -> Decision:
        decision = Decision(pod, node)
        self._assumed.add(decision)
        self.cluster.place(pod.key, node, pod.demand)
        return decision

    def _trace(self, key: Key, pod: pod_pb2.Pod) -> None:
        """Remember where a pod's node comes from, when it is first seen there."""
        uid = pod.metadata.uid
        if self._origins.get(key, ("",))[0] == uid:
            return
        if self._assumed.get(key) or self.queue.get(key):
            self._origins[key] = (uid, Origin.BOUND)
        else:
            self._origins[key] = (uid, Origin.PRESET if self.watching else Origin.UNKNOWN)

    def _settle(self, key: Key) -> None:
        self._assumed.drop(key)
        self.queue.discard(key)

    def _wake(self, node: str | None) -> None:
        if node is not None:
            self.queue.wake([node])

    def _fits(self, demand: Demand, nodes: Iterable[str]) -> bool:
        return fits_any(demand, self.cluster, nodes)
