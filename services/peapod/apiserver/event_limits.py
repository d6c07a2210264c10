"""How fast a source may tell of what happens in a namespace: a bucket of tokens for each, one for every event."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from peapod.common.errors import TooMany
from peapod.v1.event_pb2 import Event

BURST = 1000
"""How many events a source may tell at once, after a silence."""
PER_SECOND = 10.0
"""How many it may tell in the long run."""
SOURCES_MOST = 10_000
"""How many sources are remembered; who is forgotten may tell a burst."""

Source = tuple[str, str, str]
"""A component, its host, and the namespace of its events."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class EventLimits:
    """The buckets of all sources; `clock` is in seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[Source, _Bucket] = OrderedDict()

    def take(self, event: Event) -> None:
        """Take a token for an event. Raises `TooMany` when there is none."""
        bucket = self._filled((event.source.component, event.source.host, event.metadata.namespace))
        if bucket.tokens < 1:
            who = f"{event.source.component or 'somebody'} {event.source.host}".rstrip()
            where = event.metadata.namespace or "default"
            raise TooMany(f"{who} tells too many events in namespace {where}: {BURST} at once, {PER_SECOND:g} a second")
        bucket.tokens -= 1

    def _filled(self, source: Source) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(source, _Bucket(BURST, now))
        bucket.tokens = min(BURST, bucket.tokens + (now - bucket.at) * PER_SECOND)
        bucket.at = now
        self._buckets.move_to_end(source)
        if len(self._buckets) > SOURCES_MOST:
            self._buckets.popitem(last=False)
        return bucket
