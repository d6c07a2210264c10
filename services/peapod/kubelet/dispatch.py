"""Gives each pod of the node its worker: for pods that are wanted, and for what is left of pods that are not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from peapod.common import process
from peapod.common.demand import Demand
from peapod.common.errors import Violation
from peapod.kubelet.admission import Refusal, Wait, decide
from peapod.kubelet.mirrors import Mirrors
from peapod.kubelet.node.labels import NodeLabels
from peapod.kubelet.planning.actions import POD
from peapod.kubelet.planning.goal import Goal, Intent
from peapod.kubelet.sources.source import API, Source
from peapod.kubelet.status import is_over
from peapod.kubelet.volumes.volumes import Volumes
from peapod.kubelet.worker import Surroundings, Worker
from peapod.v1 import pod_pb2

logger = logging.getLogger(__name__)

Violations = Callable[[str, pod_pb2.Pod], Iterable[Violation]]
"""Names the fields of a pod from a source that this node cannot honour."""


class Dispatcher:
    """Compares what the sources want with the workers that there are, whenever either may have changed.

    Nothing of an unknown pod is removed before every source has told all its pods.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        volumes: Volumes,
        around: Surroundings,
        *,
        allocatable: Mapping[str, str],
        violations: Violations,
        labels: NodeLabels,
        mirrors: Mirrors,
        needs_network: bool,
    ) -> None:
        self._sources = sources
        self._volumes = volumes
        self._around = around
        self._allocatable = allocatable
        self._violations = violations
        self._labels = labels
        self._mirrors = mirrors
        self._needs_network = needs_network
        self._workers: dict[str, Worker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, str] = {}
        self._swept = False
        self._changed = asyncio.Event()
        for source in sources:
            source.on_change(self._changed.set)
        labels.on_change(self._changed.set)
        around.observer.on_change(self._containers_changed)
        around.observer.on_availability(self._availability_changed)

    async def run(self) -> None:
        """Dispatch until cancelled, and end all workers then; containers run on."""
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                if self._around.observer.available:
                    self._dispatch()
        finally:
            await process.end(*self._tasks.values())

    def pod(self, uid: str) -> pod_pb2.Pod | None:
        """The pod of that uid, or that the mirror of that uid shows, if this node has it."""
        worker = self._workers.get(self._mirrors.static_uid(uid))
        return worker.goal.pod if worker else None

    def goals(self) -> list[Goal]:
        """What is wanted of each pod that this node has, or has something of."""
        return [worker.goal for worker in self._workers.values()]

    def _dispatch(self) -> None:
        """Do one comparison. Takes no time of its own: workers act in theirs."""
        told = {source.name: source.pods() for source in self._sources}
        wanted = {
            uid: (name, self._known(name, pod)) for name, pods in told.items() for uid, pod in (pods or {}).items()
        }
        silent = {name for name, pods in told.items() if pods is None}
        for uid, worker in self._workers.items():
            if uid in wanted:
                self._keep(worker, *wanted[uid])
            elif worker.goal.source not in silent:
                worker.want(self._removal(uid, worker.goal))
        fresh = [wanted[uid] for uid in wanted.keys() - self._workers.keys()]
        for name, pod in sorted(fresh, key=self._seniority):
            self._admit(name, pod)
        self._waiting = {uid: why for uid, why in self._waiting.items() if uid in wanted}
        if all(source.complete for source in self._sources):
            for uid in self._leftovers() - wanted.keys() - self._workers.keys():
                self._employ(self._removal(uid, None))

    def _known(self, source: str, pod: pod_pb2.Pod) -> pod_pb2.Pod:
        """Let a pod have its status: the API's pods bring it along."""
        return pod if source == API else self._mirrors.with_status(pod)

    def _keep(self, worker: Worker, source: str, pod: pod_pb2.Pod) -> None:
        """Tell a worker what has become of its pod. A static pod that was refused, or has changed, is judged anew."""
        before, static = worker.goal, source != API
        if static and (before.refusal or before.pod is None or before.pod.spec != pod.spec):
            self._admit(source, pod)
        elif before.pod is not pod or before.intent is Intent.REMOVE:
            worker.want(self._goal(source, pod, before.refusal))

    def _leftovers(self) -> set[str]:
        """Find the pods that have left something; directories can only stem from the time before this kubelet."""
        left = self._around.observer.uids()
        if not self._swept:
            left |= self._volumes.uids()
            self._swept = True
        return left

    def _seniority(self, item: tuple[str, pod_pb2.Pod]) -> tuple[bool, int, str]:
        """Admit first what runs already, so that a restart of the kubelet turns no pod out in favour of another."""
        metadata = item[1].metadata
        runs = bool(self._around.observer.containers(metadata.uid))
        return not runs, metadata.creation_timestamp.seconds, metadata.uid

    def _admit(self, source: str, pod: pod_pb2.Pod) -> None:
        verdict = None if is_over(pod.status) else self._judge(source, pod)
        if verdict is None:
            self._employ(self._goal(source, pod, None))
        elif isinstance(verdict, Refusal):
            self._refuse(source, pod, verdict)
        elif self._waiting.get(pod.metadata.uid) != verdict.message:
            self._waiting[pod.metadata.uid] = verdict.message
            _log(pod, verdict.message)

    def _judge(self, source: str, pod: pod_pb2.Pod) -> Refusal | Wait | None:
        known = bool(self._around.observer.containers(pod.metadata.uid))
        labels = None if known else self._labels.judging(pod)
        if not known and labels is None:
            return Wait("waits until the apiserver has told the labels of this node")
        if not known and source != API and self._may_be_taken(pod):
            return Wait("waits until the apiserver has told which pods run here")
        others = [goal for goal in self.goals() if goal.uid != pod.metadata.uid and goal.pod is not None]
        return decide(
            pod,
            [goal.pod for goal in others if goal.pod and goal.intent is Intent.RUN],
            [goal.pod for goal in others if goal.pod and goal.intent is Intent.REMOVE],
            self._allocatable,
            self._violations(source, pod),
            labels,
        )

    def _may_be_taken(self, pod: pod_pb2.Pod) -> bool:
        """Tell whether a pod wants what others may have that run here, and that no source has named yet."""
        wanted = Demand.of(pod)
        wants = wanted.ports or wanted.disks or wanted.cpu or wanted.memory
        unnamed = self._around.observer.uids() - self._workers.keys()
        return bool(wants and unnamed) and not all(source.complete for source in self._sources)

    def _refuse(self, source: str, pod: pod_pb2.Pod, refusal: Refusal) -> None:
        worker = self._workers.get(pod.metadata.uid)
        if worker is None or worker.goal.refusal != refusal:
            self._around.hands.tell(pod, POD, refusal.event, refusal.message)
            _log(pod, f"is refused: {refusal.message}")
        self._employ(self._goal(source, pod, refusal))

    def _goal(self, source: str, pod: pod_pb2.Pod, refusal: Refusal | None) -> Goal:
        intent = Intent.REST if refusal or is_over(pod.status) else Intent.RUN
        return Goal(pod.metadata.uid, intent, pod, self._needs_network, source, refusal)

    def _removal(self, uid: str, before: Goal | None) -> Goal:
        if before is None:
            return Goal(uid, Intent.REMOVE, None, self._needs_network)
        return Goal(uid, Intent.REMOVE, before.pod, self._needs_network, before.source)

    def _employ(self, goal: Goal) -> None:
        """Have the worker of the goal's pod see to it; a new one, where there is none."""
        self._waiting.pop(goal.uid, None)
        if worker := self._workers.get(goal.uid):
            worker.want(goal)
            return
        worker = self._workers[goal.uid] = Worker(goal, self._around)
        task = self._tasks[goal.uid] = asyncio.create_task(worker.run(), name=f"pod {goal.uid}")
        task.add_done_callback(lambda _: self._dismiss(goal.uid))

    def _dismiss(self, uid: str) -> None:
        """Forget a worker that has nothing left to do; others may take the room that its pod has left."""
        del self._workers[uid], self._tasks[uid]
        self._around.reporter.forget(uid)
        for worker in self._workers.values():
            worker.room_was_made()
        self._changed.set()

    def _containers_changed(self, uids: Collection[str]) -> None:
        for uid in uids:
            if worker := self._workers.get(uid):
                worker.wake()
            else:
                self._changed.set()

    def _availability_changed(self) -> None:
        for worker in self._workers.values():
            worker.wake()
        self._changed.set()


def _log(pod: pod_pb2.Pod, sentence: str) -> None:
    logger.info("pod %s/%s (%s): %s", pod.metadata.namespace, pod.metadata.name, pod.metadata.uid, sentence)
