"""How long to wait before trying again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class _Entry:
    delay: float
    due: float


class Backoff:
    """Delays that grow by `factor` from `first` to `most` seconds while a key keeps failing.

    A key is forgotten once `reset_after` seconds (twice `most` unless given) have passed since its last delay
    was over. Nothing here sleeps: `clock` is read, by default the monotonic one.
    """

    def __init__(
        self,
        first: float,
        most: float,
        factor: float = 2,
        reset_after: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first = first
        self._most = most
        self._factor = factor
        self._reset_after = 2 * most if reset_after is None else reset_after
        self._clock = clock
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def next(self, key: Hashable = None) -> float:
        """Count one more failure of the key and return the seconds to wait because of it."""
        now = self._clock()
        self._forget_idle(now)
        entry = self._entries.pop(key, None)
        fresh = entry is None or self._idle(entry, now)
        delay = self._first if fresh or entry is None else min(entry.delay * self._factor, self._most)
        self._entries[key] = _Entry(delay, now + delay)
        return delay

    def remaining(self, key: Hashable = None) -> float:
        """Return the seconds that are left of the key's delay; 0 when it may be tried."""
        entry = self._entries.get(key)
        return max(0.0, entry.due - self._clock()) if entry else 0.0

    def reset(self, key: Hashable = None) -> None:
        """Forget the key's failures; idempotent."""
        self._entries.pop(key, None)

    def _idle(self, entry: _Entry, now: float) -> bool:
        return now - entry.due >= self._reset_after

    def _forget_idle(self, now: float) -> None:
        while self._entries and self._idle(next(iter(self._entries.values())), now):
            self._entries.popitem(last=False)
