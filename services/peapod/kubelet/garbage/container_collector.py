"""Removes dead containers of pods that are over, with their logs, when there are too many on the node."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from peapod.kubelet.garbage import rounds
from peapod.kubelet.garbage.containers import superfluous
from peapod.kubelet.observer import Observer
from peapod.kubelet.planning.goal import Goal, Intent
from peapod.kubelet.runtime.runtime import Observed, Phase, Runtime

logger = logging.getLogger(__name__)


class ContainerCollector:
    """Counts every `seconds`; at most `most` dead containers stay, and each at least `age` seconds.

    Only pods that are over are looked at: the corpses of any other tell its worker what to start, and containers of
    unknown pods are the dispatcher's affair.
    """

    def __init__(
        self,
        runtime: Runtime,
        observer: Observer,
        goals: Callable[[], Iterable[Goal]],
        *,
        seconds: float,
        age: float,
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime
        self._observer = observer
        self._goals = goals
        self._seconds = seconds
        self._age = age
        self._most = most
        self._clock = clock
        self._first_seen: dict[str, float] = {}

    async def run(self) -> None:
        """Collect again and again until cancelled."""
        await rounds.every(self._seconds, self.collect, self._observer)

    async def collect(self) -> None:
        """Do it once. Raises `RuntimeUnavailable`."""
        dead, now = self._dead(), self._clock()
        self._first_seen = {one.id: self._first_seen.get(one.id, now) for one in dead}
        seconds_dead = {id: now - since for id, since in self._first_seen.items()}
        chosen = superfluous(dead, seconds_dead, age=self._age, most=self._most)
        if chosen:
            logger.info("removes the oldest %d of %d dead containers of pods that are over", len(chosen), len(dead))
        for one in chosen:
            await self._runtime.remove(one.id)

    def _dead(self) -> list[Observed]:
        over = [goal.uid for goal in self._goals() if goal.intent is Intent.REST]
        return [one for uid in over for one in self._observer.containers(uid) if one.phase is not Phase.RUNNING]
