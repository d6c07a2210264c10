"""The pods that wait for a node: first come first served, and nobody blocks the others.

A pod is *ready* to be decided on, *parked* because it fits nowhere, or *delayed* because its binding failed. A
parked pod comes back at once when a node that has changed takes it now. When nodes have changed and none of them
does, it comes back after its backoff, so that its reasons are told anew. Without a change it stays for good.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from peapod.common.backoff import Backoff
from peapod.common.demand import Demand
from peapod.scheduler.cluster import Key

FIRST_DELAY, MOST_DELAY = 1.0, 60.0
"""Seconds until a pod that failed is tried again, doubling with each failure."""


@dataclass(slots=True, eq=False)
class Pending:
    """One pod that waits for a node."""

    key: Key
    uid: str
    demand: Demand
    told: str = ""
    """Why no node took it, as it was said last."""
    number: int = 0
    """Its place in the order of arrival; the queue's affair, as is what follows."""
    due: float = 0
    delayed: bool = False


class Queue:
    """All waiting pods. Pure but for the clock that it is given, in seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._numbers = itertools.count()
        self._backoff = Backoff(FIRST_DELAY, MOST_DELAY, clock=clock)
        self._waiting: dict[Key, Pending] = {}
        self._ready: deque[Pending] = deque()
        self._parked: dict[Key, Pending] = {}
        self._review: deque[Pending] = deque()
        self._delayed: list[tuple[float, int, Pending]] = []
        self._changed: set[str] = set()
        self._refused: set[Demand] = set()

    def __len__(self) -> int:
        """Count the pods, ready or not."""
        return len(self._waiting)

    def get(self, key: Key) -> Pending | None:
        """Return a pod that waits."""
        return self._waiting.get(key)

    def seconds_left(self, pod: Pending) -> float | None:
        """How long a waiting pod is held back; 0 when its turn comes next, None when it waits for a node to change."""
        if pod.delayed:
            return max(0.0, pod.due - self._clock())
        return None if pod.key in self._parked else 0.0

    def add(self, pod: Pending) -> None:
        """Put a pod at the end; one that is here already, unchanged, keeps its place."""
        known = self._waiting.get(pod.key)
        if known is not None and (known.uid, known.demand) == (pod.uid, pod.demand):
            return
        self.discard(pod.key)
        self._waiting[pod.key] = pod
        pod.number = next(self._numbers)
        self._ready.append(pod)

    def discard(self, key: Key) -> None:
        """Drop a pod that needs no node any more, and its backoff; one that is not here is fine."""
        self._waiting.pop(key, None)
        self._parked.pop(key, None)
        self._backoff.reset(key)

    def park(self, pod: Pending) -> None:
        """Take back a pod that fits nowhere."""
        self._take_back(pod)
        self._parked[pod.key] = pod

    def delay(self, pod: Pending) -> None:
        """Take back a pod whose binding failed."""
        self._take_back(pod)
        self._hold(pod)

    def wake(self, nodes: Iterable[str]) -> None:
        """Look at the parked pods again: these nodes may take some of them now."""
        self._changed.update(nodes)
        self._refused.clear()
        self._review = deque(sorted(self._parked.values(), key=lambda pod: pod.number))

    def take(self, fits: Callable[[Demand, Iterable[str]], bool]) -> Pending | None:
        """Take out the next pod to decide on, or None; `fits` tells whether one of the nodes takes it.

        It is asked as late as possible: the pods taken before may have filled the room that woke this one.
        """
        while self._review:
            pod = self._review.popleft()
            if self._parked.get(pod.key) is not pod:
                continue
            if self._may_fit(pod.demand, fits):
                return self._taken(pod)
            if not pod.delayed:
                self._hold(pod)
        self._changed.clear()
        self._end_delays()
        while self._ready:
            pod = self._ready.popleft()
            if self._waiting.get(pod.key) is pod:
                return self._taken(pod)
        return None

    def next_due(self) -> float | None:
        """When the first delay ends; None when none is running."""
        return self._delayed[0][0] if self._delayed else None

    def _may_fit(self, demand: Demand, fits: Callable[[Demand, Iterable[str]], bool]) -> bool:
        # Since the last wake rooms have only filled, so what was refused once stays refused.
        if demand in self._refused:
            return False
        if fits(demand, self._changed):
            return True
        self._refused.add(demand)
        return False

    def _taken(self, pod: Pending) -> Pending:
        del self._waiting[pod.key]
        self._parked.pop(pod.key, None)
        return pod

    def _take_back(self, pod: Pending) -> None:
        self._waiting[pod.key] = pod
        pod.due = self._clock() + self._backoff.next(pod.key)
        pod.delayed = False

    def _hold(self, pod: Pending) -> None:
        pod.delayed = True
        heapq.heappush(self._delayed, (pod.due, next(self._numbers), pod))

    def _end_delays(self) -> None:
        now = self._clock()
        while self._delayed and self._delayed[0][0] <= now:
            due, _, pod = heapq.heappop(self._delayed)
            if pod.delayed and pod.due == due:
                pod.delayed = False
                self._parked.pop(pod.key, None)
                self._ready.append(pod)
