"""How the running containers of one pod are, as their hooks and probes find out.

A change wakes the pod's worker; what follows from it is for the plan and the status to decide.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from peapod.kubelet.health.care import Care, Clinic, wanted_by
from peapod.kubelet.naming import spec_hash
from peapod.kubelet.planning.goal import Goal, Intent
from peapod.kubelet.planning.instances import Instances
from peapod.kubelet.runtime.runtime import ContainerGone, Observed, Phase
from peapod.v1 import pod_pb2

logger = logging.getLogger(__name__)


class Health:
    """The instances of one pod that are looked after. `close` it at the end."""

    def __init__(self, clinic: Clinic, wake: Callable[[], None]) -> None:
        self._clinic = clinic
        self._wake = wake
        self._cared_for: dict[str, Care] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def unwell(self) -> dict[str, str]:
        """Why an instance must not run on, by id."""
        return {id: care.unwell for id, care in self._cared_for.items() if care.unwell}

    @property
    def ready(self) -> dict[str, bool]:
        """Whether an instance can do its work, by id; one of which that is not known yet is left out."""
        return {id: care.ready for id, care in self._cared_for.items() if care.ready is not None}

    def follow(self, goal: Goal, instances: Instances, now: datetime) -> None:
        """Look after what runs now and is to run on, and after nothing else."""
        running = {one.id: (one, container) for one, container in _to_follow(goal, instances)}
        for id in self._cared_for.keys() - running.keys():
            self._end(id)
        for id in running.keys() - self._cared_for.keys():
            self._begin(goal, *running[id], instances.address(needs_network=goal.needs_network), now)

    async def close(self) -> None:
        """Stop looking after anything; what is known is forgotten."""
        for id in list(self._cared_for):
            self._end(id)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _begin(self, goal: Goal, one: Observed, container: pod_pb2.Container, address: str, now: datetime) -> None:
        if goal.pod is None:
            return
        target = self._clinic.handlers.target(one.id, container, address)
        care = self._cared_for[one.id] = Care(goal.pod, container, one.name, target, self._clinic, self._wake)
        ran = (now - (one.started_at or one.created_at)).total_seconds()
        self._tasks[one.id] = asyncio.create_task(care.take(ran), name=f"care of {one.name}")
        self._tasks[one.id].add_done_callback(_say_why)

    def _end(self, id: str) -> None:
        del self._cared_for[id]
        task = self._tasks.pop(id)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        task.cancel()


def _to_follow(goal: Goal, instances: Instances) -> Iterator[tuple[Observed, pod_pb2.Container]]:
    if goal.pod is None or goal.intent is not Intent.RUN:
        return
    key = spec_hash(goal.pod.spec)
    for container in filter(wanted_by, goal.pod.spec.containers):
        newest = instances.newest(container.name)
        if newest is not None and newest.phase is Phase.RUNNING and newest.name.spec_hash == key:
            yield newest, container


def _say_why(done: asyncio.Task[None]) -> None:
    """Log what no care should end by; that its container is gone will be seen anyway."""
    problem = None if done.cancelled() else done.exception()
    if problem is not None and not isinstance(problem, ContainerGone):
        logger.error("%s ended: %s", done.get_name(), problem, exc_info=problem)
