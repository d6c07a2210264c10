"""The scheduler's hands: feeds the planner from the watches, wakes it, and sends what it decides to the binder."""

from __future__ import annotations

import asyncio
import logging
import time
from random import Random

from peapod.common import fence
from peapod.common.errors import NotFound, PeapodError, Unavailable
from peapod.common.events import Recorder
from peapod.common.informer import Informer
from peapod.scheduler.assumed import Decision
from peapod.scheduler.binder import Binder
from peapod.scheduler.explain import explain
from peapod.scheduler.planner import Planner
from peapod.scheduler.queue import Pending
from peapod.v1.meta_pb2 import EventType, ObjectReference
from peapod.v1.node_pb2 import Node
from peapod.v1.placement_pb2 import Placement
from peapod.v1.pod_pb2 import Pod
from peapod.v1.pod_service_rpc import PodServiceClient

logger = logging.getLogger(__name__)


class Scheduler:
    """Binds every pod that has no node to one that fits. The informers' owner runs them.

    `most` is how many pods are decided on and bound at once. `bound` and `refused` count outcomes since the start.
    """

    def __init__(
        self,
        pods: Informer[Pod],
        nodes: Informer[Node],
        client: PodServiceClient,
        recorder: Recorder,
        *,
        most: int,
        rng: Random | None = None,
    ) -> None:
        self._pods = pods
        self._nodes = nodes
        self._recorder = recorder
        self._most = most
        self.planner = Planner(rng or Random())
        self._binder = Binder(client, self.planner.stands, self._settled)
        self._woken = asyncio.Event()
        self.bound = 0
        self.refused = 0
        pods.on_change(self._pod_changed)
        nodes.on_change(self._node_changed)

    async def learn(self) -> None:
        """Wait until all nodes and all pods are known; from then on it can explain."""
        await self._pods.synced()
        await self._nodes.synced()
        if not self.planner.watching:
            self.planner.watching = True
            logger.info("knows %d nodes and %d pods", len(self._nodes.objects), len(self._pods.objects))

    async def run(self) -> None:
        """Schedule until cancelled, and again when it is called again. Nothing is decided before all is known."""
        await self.learn()
        while True:
            await self._binder.ready()
            if not self._decide():
                await self._sleep()

    def explain(self, pod: Pod) -> Placement:
        """Tell why a pod, as it is stored, is where it is or nowhere. Raises `Unavailable` before all is known."""
        if not self.planner.watching:
            raise Unavailable("the scheduler does not know the whole cluster yet")
        return explain(pod, self.planner.cluster, self.planner.standing(pod))

    async def close(self) -> None:
        """Give up the calls that run, once `run` is over."""
        await self._binder.close()

    def _decide(self) -> bool:
        """Decide on one batch and send it off; tell whether there may be more to do at once."""
        self._woken.clear()
        for decision in self.planner.expire():
            logger.warning("%s: bound to %s, but the watch never showed it", _text(decision.pod), decision.node)
        plan = self.planner.decide(self._most)
        for refusal in plan.refusals:
            self._refused(refusal.pod, refusal.why)
        if plan.decisions:
            self._binder.send(plan.decisions)
        return plan.more

    async def _sleep(self) -> None:
        """Wait until something happens, or until a delay is over."""
        due = self.planner.next_due()
        if due is None:
            await self._woken.wait()
            return
        timer = asyncio.get_running_loop().call_later(max(0.0, due - time.monotonic()), self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()

    def _settled(self, decision: Decision, problem: PeapodError | None) -> None:
        pod, node = decision.pod, decision.node
        if problem is None:
            self.planner.bound(decision)
            self.bound += 1
            logger.info("%s: bound to %s", _text(pod), node)
            self._recorder.record(_reference(pod), "scheduled", f"Successfully assigned {pod.key[1]} to {node}")
            return
        self.planner.failed(decision)
        self._woken.set()
        if isinstance(problem, NotFound):
            logger.info("%s: gone before it was bound to %s", _text(pod), node)
        elif problem.reason == fence.REASON:
            logger.info("%s: not bound to %s, for another scheduler is at work", _text(pod), node)
        else:
            self._refused(pod, f"binding to {node} failed: {problem.message}")

    def _refused(self, pod: Pending, why: str) -> None:
        self.refused += 1
        logger.info("%s: %s", _text(pod), why)
        self._recorder.record(_reference(pod), "failedScheduling", why)

    def _pod_changed(self, _kind: EventType, old: Pod | None, new: Pod | None) -> None:
        if new is not None:
            self.planner.pod_changed(new)
        elif old is not None:
            self.planner.pod_gone((old.metadata.namespace, old.metadata.name))
        self._woken.set()

    def _node_changed(self, _kind: EventType, old: Node | None, new: Node | None) -> None:
        if new is not None:
            self.planner.node_changed(new)
        elif old is not None:
            self.planner.node_gone(old.metadata.name)
        self._woken.set()


def _text(pod: Pending) -> str:
    return f"pod {pod.key[0]}/{pod.key[1]}"


def _reference(pod: Pending) -> ObjectReference:
    return ObjectReference(kind="Pod", namespace=pod.key[0], name=pod.key[1], uid=pod.uid)
