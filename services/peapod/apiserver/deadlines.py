"""When each of many keys falls due, the earliest first."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping
from operator import itemgetter

_time = itemgetter(0)


class Deadlines:
    """A time for each key, in order; nothing is ever walked but what is asked for."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self._order: list[tuple[float, str]] = []

    def load(self, due: Mapping[str, float]) -> None:
        """Start afresh."""
        self._due = dict(due)
        self._order = sorted((time, key) for key, time in due.items())

    def get(self, key: str) -> float | None:
        """Look up when a key is due; None for one that is not known."""
        return self._due.get(key)

    def put(self, key: str, time: float) -> None:
        """Say when a key is due, whatever was said before."""
        self.drop(key)
        self._due[key] = time
        insort(self._order, (time, key))

    def drop(self, key: str) -> None:
        """Forget a key, known or not."""
        time = self._due.pop(key, None)
        if time is not None:
            del self._order[bisect_left(self._order, (time, key))]

    def first(self, default: float) -> float:
        """Say when the earliest is due, or the `default` where there is none."""
        return self._order[0][0] if self._order else default

    def reached(self, time: float, least: int = 0) -> list[str]:
        """List what is due at `time`, and at least so many of the earliest."""
        end = max(least, bisect_right(self._order, time, key=_time))
        return [key for _, key in self._order[:end]]
