"""Chooses who answers a client: in turn, or, where sessions are kept, whoever answered it before."""

from __future__ import annotations

import random
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from peapod.proxy.portals import Backend

CLIENTS_MOST = 10_000
"""How many clients' backends are remembered; beyond, who was there longest ago is forgotten."""


class _Habit(NamedTuple):
    backend: Backend
    since: float


class Balancer:
    """One portal's choice. Backends are in an order of chance, so that not all nodes begin with the same one."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        shuffle: Callable[[list[Backend]], None] = random.shuffle,
    ) -> None:
        self._clock = clock
        self._shuffle = shuffle
        self._turns: deque[Backend] = deque()
        self._seconds = 0
        self._habits: OrderedDict[str, _Habit] = OrderedDict()

    @property
    def backends(self) -> Collection[Backend]:
        """Who can be chosen."""
        return self._turns

    def update(self, backends: Sequence[Backend], affinity_seconds: int) -> None:
        """Take in who answers now; who stays keeps its turn. A client is bound for `affinity_seconds`, or not at 0."""
        new = [one for one in backends if one not in self._turns]
        self._shuffle(new)
        self._turns = deque([*(one for one in self._turns if one in backends), *new])
        self._seconds = affinity_seconds
        kept = ((client, habit) for client, habit in self._habits.items() if habit.backend in backends)
        self._habits = OrderedDict(kept if affinity_seconds else ())

    def choose(self, client: str, failed: Collection[Backend] = ()) -> Backend | None:
        """Choose for a client, who has tried `failed` in vain; None when nobody answers.

        Those that failed are tried again only when there are no others.
        """
        chosen = self._habitual(client)
        if chosen is None or chosen in failed:
            chosen = self._next(failed)
        if chosen is not None and self._seconds:
            self._remember(client, chosen)
        return chosen

    def _habitual(self, client: str) -> Backend | None:
        habit = self._habits.get(client)
        return habit.backend if habit and self._clock() - habit.since < self._seconds else None

    def _next(self, failed: Collection[Backend]) -> Backend | None:
        chosen = next((one for one in self._turns if one not in failed), self._turns[0] if self._turns else None)
        if chosen is not None:
            self._turns.remove(chosen)
            self._turns.append(chosen)
        return chosen

    def _remember(self, client: str, backend: Backend) -> None:
        self._habits[client] = _Habit(backend, self._clock())
        self._habits.move_to_end(client)
        while len(self._habits) > CLIENTS_MOST:
            self._habits.popitem(last=False)
