"""Looks after one pod: plans, acts, reports, and sleeps until something of the pod changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from peapod.common import process
from peapod.common.backoff import Backoff
from peapod.kubelet.hands import Hands
from peapod.kubelet.health.care import Clinic
from peapod.kubelet.health.health import Health
from peapod.kubelet.last_words import LastWords
from peapod.kubelet.naming import spec_hash
from peapod.kubelet.notes import Notes
from peapod.kubelet.observer import Observer
from peapod.kubelet.planning.actions import POD
from peapod.kubelet.planning.fate import Scene
from peapod.kubelet.planning.goal import Goal, Intent
from peapod.kubelet.planning.instances import Instances
from peapod.kubelet.planning.memory import Memory, Now
from peapod.kubelet.planning.plan import Plan, plan
from peapod.kubelet.runtime.runtime import Observed, RuntimeUnavailable
from peapod.kubelet.status import Place, refused, status_of
from peapod.kubelet.status_reporter import StatusReporter
from peapod.kubelet.volumes.volume import VolumeError
from peapod.v1 import meta_pb2, pod_pb2

logger = logging.getLogger(__name__)

CRASH_LOOP = "CrashLoopBackOff"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all workers of a node share."""

    observer: Observer
    hands: Hands
    reporter: StatusReporter
    clinic: Clinic
    host_ip: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What a worker sees of its pod at one moment."""

    observed: tuple[Observed, ...]
    instances: Instances
    memory: Memory
    now: Now


class Worker:
    """Brings one pod to its goal and keeps it there. `run` it once, in a task of its own."""

    def __init__(self, goal: Goal, around: Surroundings) -> None:
        self.goal = goal
        self._around = around
        self._place = Place(around.host_ip, around.scheme, datetime.now(UTC))
        self._notes = Notes()
        self._health = Health(around.clinic, self.wake)
        self._last_words = LastWords(around.clinic.files)
        self._awake = asyncio.Event()
        self._abandoned = asyncio.Event()
        self._announced: set[str] = set()
        self._backoff = Backoff(0.2, 10)
        self._trouble = ""

    def want(self, goal: Goal) -> None:
        """Change the goal. A pull for a goal that is replaced is abandoned; other acts are finished first."""
        if goal != self.goal and goal.replaces(self.goal):
            self._abandoned.set()
        if goal != self.goal or goal.pod is not self.goal.pod:
            self.goal = goal
            self.wake()

    def wake(self) -> None:
        """Have the pod looked at."""
        self._awake.set()

    def room_was_made(self) -> None:
        """Try again what the pod as a whole failed at: another pod has left."""
        if self._notes.retry(POD):
            self.wake()

    async def run(self) -> None:
        """Work until nothing is left of a pod that is to be removed, or until cancelled."""
        try:
            while not await self._survive(self._round):
                pass
        finally:
            await self._health.close()

    async def _survive(self, work: Callable[[], Awaitable[bool]]) -> bool:
        """Do the work; after an error wait a while, whatever happens, so that no error repeats in a rush."""
        try:
            return await work()
        except RuntimeUnavailable as error:
            self._around.observer.doubt(str(error))
        except VolumeError as error:
            self._complain(error)
        except Exception as error:
            self._complain(error, exc_info=True)
        await asyncio.sleep(self._backoff.next())
        return False

    async def _round(self) -> bool:
        """Plan once and act, or sleep when there is nothing to do; tell whether it was the last round."""
        self._awake.clear()
        self._abandoned.clear()
        if not self._around.observer.available:
            await self._awake.wait()
            return False
        goal = self.goal
        sight = await self._look(goal)
        made = plan(goal, sight.observed, sight.memory, sight.now)
        if not made.steps:
            self._backoff.reset()
            self._trouble = ""
            await self._sleep(made.wake_after)
            return False
        self._log(logging.INFO, made.sentence)
        await self._act(made, goal, sight)
        if not made.last:
            await self._around.observer.refresh(self.goal.uid)
        return made.last

    async def _look(self, goal: Goal) -> Sight:
        """See what is there, look after it, and report it."""
        observed = await self._last_words.heard(self._around.observer.containers(goal.uid))
        instances, now = Instances.of(goal.uid, observed), Now.read()
        self._health.follow(goal, instances, now.wall)
        memory = self._notes.memory(observed, now, unwell=self._health.unwell, ready=self._health.ready)
        self._report(goal, instances, memory, now)
        return Sight(observed, instances, memory, now)

    async def _act(self, made: Plan, goal: Goal, sight: Sight) -> None:
        """Carry a plan out, which may take its time; what is seen meanwhile is reported all the same."""
        carrying_out = self._around.hands.carry_out(made, goal, sight.instances, self._notes, self._abandoned)
        acting = asyncio.create_task(carrying_out, name=f"acts for pod {goal.uid}")
        watching = asyncio.create_task(self._watch(), name=f"watch over pod {goal.uid}")
        try:
            await acting
        finally:
            await process.end(acting, watching)

    async def _watch(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            await self._look(self.goal)

    def _report(self, goal: Goal, instances: Instances, memory: Memory, now: Now) -> None:
        if goal.pod is None or goal.intent is Intent.REMOVE:
            return
        scene = Scene(goal.pod, spec_hash(goal.pod.spec), goal.needs_network, instances, memory, now)
        if goal.refusal is not None:
            status = refused(goal.pod, goal.refusal.reason, goal.refusal.message, self._place)
        else:
            status = status_of(scene, self._place)
        self._announce_back_off(goal.pod, status)
        self._around.reporter.report(goal.pod, status)

    def _announce_back_off(self, pod: pod_pb2.Pod, status: pod_pb2.PodStatus) -> None:
        """Record each wait for a restart once."""
        looping = {one.container_id: one for one in status.container_statuses if one.state.waiting.reason == CRASH_LOOP}
        for id in looping.keys() - self._announced:
            self._around.hands.tell(pod, looping[id].name, "backOff", looping[id].state.waiting.message)
        self._announced = set(looping)

    async def _sleep(self, seconds: float | None) -> None:
        if seconds is None:
            await self._awake.wait()
            return
        timer = asyncio.get_running_loop().call_later(seconds, self._awake.set)
        try:
            await self._awake.wait()
        finally:
            timer.cancel()

    def _complain(self, error: Exception, *, exc_info: bool = False) -> None:
        """Log what stands in the way, once as long as it does."""
        trouble = f"cannot go on ({type(error).__name__}): {error}"
        if trouble != self._trouble:
            self._log(logging.ERROR, trouble, exc_info=exc_info)
        self._trouble = trouble

    def _log(self, level: int, sentence: str, *, exc_info: bool = False) -> None:
        if not sentence:
            return
        metadata = self.goal.pod.metadata if self.goal.pod else meta_pb2.ObjectMeta(name="unknown")
        name = f"{metadata.namespace}/{metadata.name}"
        logger.log(level, "pod %s (%s): %s", name, self.goal.uid, sentence, exc_info=exc_info)
