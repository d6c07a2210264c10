"""When each pod came how far, and what that amounts to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """Half of some durations are at most `p50` seconds, and 99 of 100 at most `p99`."""

    p50: float
    p99: float

    @classmethod
    def of(cls, durations: Iterable[float]) -> Spread:
        """Sum durations up; there is at least one."""
        ordered = sorted(durations)
        return cls(_percentile(ordered, 50), _percentile(ordered, 99))


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """Find the smallest value that so many percent do not exceed."""
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


class Times:
    """The moments, in seconds of one clock, at which pods were asked for, and seen first to be bound and to run."""

    def __init__(self) -> None:
        self.asked: dict[str, float] = {}
        self.bound: dict[str, float] = {}
        self.running: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        """From the first asking until the last pod ran."""
        return max(self.running.values()) - min(self.asked.values())

    def create_to_bound(self) -> Spread:
        """How long pods waited for their nodes, from asking on."""
        return Spread.of(self.bound[name] - self.asked[name] for name in self.bound)

    def bound_to_running(self) -> Spread:
        """How long nodes took to run their pods."""
        return Spread.of(self.running[name] - self.bound[name] for name in self.running)
