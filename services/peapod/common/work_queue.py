"""The keys that have to be looked at: each at most once, the longest due first, and no key by two at a time.

A key is *wanted* from some moment on, *running* while somebody looks at it, or neither. A key that is wanted again
while it runs is handed out once more afterwards. One that failed is held back for a growing time, whoever wants it.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
import time
from collections.abc import Callable, Hashable
from random import Random
from typing import Generic, TypeVar

from peapod.common.backoff import Backoff

K = TypeVar("K", bound=Hashable)

FIRST_DELAY, MOST_DELAY = 0.1, 30.0
"""Seconds for which a key that failed is held back, doubling with each failure and cut by up to a half at random."""


class WorkQueue(Generic[K]):
    """All keys that are wanted or running. Pure but for the clock that it is given, in seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, rng: Random | None = None) -> None:
        self._clock = clock
        self._rng = rng or random.Random()
        self._backoff = Backoff(FIRST_DELAY, MOST_DELAY, clock=clock)
        self._numbers = itertools.count()
        self._due: dict[K, float] = {}
        self._held: dict[K, float] = {}
        self._running: set[K] = set()
        self._order: list[tuple[float, int, K]] = []

    def __len__(self) -> int:
        """Count the keys that are wanted; those that run are not counted unless they are wanted again."""
        return len(self._due)

    def add(self, key: K) -> None:
        """Want a key now; idempotent."""
        self.add_after(key, 0)

    def add_after(self, key: K, seconds: float) -> None:
        """Want a key after some time, unless it is wanted earlier anyway."""
        due = max(self._clock() + seconds, self._held.get(key, -math.inf))
        if due < self._due.get(key, math.inf):
            self._due[key] = due
            self._line_up(key)

    def forgive(self, key: K) -> None:
        """Want a key now although it has failed: what it failed by may be over."""
        self._held.pop(key, None)
        self._backoff.reset(key)
        self.add(key)

    def take(self) -> K | None:
        """Take out the key that is due the longest, which runs until `done` or `failed`; None when none is due."""
        now = self._clock()
        while self._order and self._order[0][0] <= now:
            due, _, key = heapq.heappop(self._order)
            if self._due.get(key) == due and key not in self._running:
                del self._due[key]
                self._held.pop(key, None)
                self._running.add(key)
                return key
        return None

    def done(self, key: K) -> None:
        """Take in that a key was looked at, and all is well with it."""
        self._backoff.reset(key)
        self._end(key)

    def failed(self, key: K) -> float:
        """Take in that a key has to be looked at again later; return the seconds for which it is held back."""
        delay = self._backoff.next(key) * self._rng.uniform(0.5, 1.0)
        self._held[key] = self._due[key] = self._clock() + delay
        self._end(key)
        return delay

    def next_due(self) -> float | None:
        """When the first key may be taken, by the clock; None when nothing is wanted but what runs."""
        while self._order and not self._stands(self._order[0]):
            heapq.heappop(self._order)
        return self._order[0][0] if self._order else None

    def _end(self, key: K) -> None:
        self._running.discard(key)
        if key in self._due:
            self._line_up(key)

    def _line_up(self, key: K) -> None:
        if key not in self._running:
            heapq.heappush(self._order, (self._due[key], next(self._numbers), key))

    def _stands(self, place: tuple[float, int, K]) -> bool:
        due, _, key = place
        return key not in self._running and self._due.get(key) == due
