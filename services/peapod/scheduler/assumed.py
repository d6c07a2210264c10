"""Decisions that the watch has not shown yet: their pods count on their nodes at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from peapod.scheduler.cluster import Key
from peapod.scheduler.queue import Pending

EXPIRY = 60.0
"""Seconds after the apiserver's yes in which the watch has to show a binding."""


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """One pod and the node that was chosen for it."""

    pod: Pending
    node: str


class Assumed:
    """The decisions under way, by pod. Pure but for the clock that it is given."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._decisions: dict[Key, Decision] = {}
        self._answered: dict[Key, float] = {}

    def __contains__(self, decision: Decision) -> bool:
        """Tell whether this very decision still stands."""
        return self._decisions.get(decision.pod.key) is decision

    def add(self, decision: Decision) -> None:
        """Assume a decision."""
        self._decisions[decision.pod.key] = decision

    def get(self, key: Key) -> Decision | None:
        """Return the decision on a pod that is under way."""
        return self._decisions.get(key)

    def drop(self, key: Key) -> None:
        """Forget a pod's decision: the watch has shown it, the pod is gone, or the binding failed."""
        self._decisions.pop(key, None)
        self._answered.pop(key, None)

    def answered(self, decision: Decision) -> None:
        """The apiserver has said yes: from now on the watch is waited for no longer than EXPIRY."""
        if decision in self:
            self._answered[decision.pod.key] = self._clock() + EXPIRY

    def next_due(self) -> float | None:
        """When the first of them expires; None when none waits for the watch."""
        return next(iter(self._answered.values()), None)

    def expired(self) -> list[Decision]:
        """Return those that the watch has not shown in time."""
        now = self._clock()
        late = []
        for key, due in self._answered.items():
            if due > now:
                break
            late.append(self._decisions[key])
        return late
