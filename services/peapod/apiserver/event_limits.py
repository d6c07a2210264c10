"""How fast a source may tell of what happens in a namespace: a bucket of tokens for each, one for every event."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from peapod.common.errors import TooMany
from peapod.common.pace import Pace
from peapod.v1.event_pb2 import Event

BURST = 1000
"""How many events a source may tell at once, after a silence."""
PER_SECOND = 10.0
"""How many it may tell in the long run."""
SOURCES_MOST = 10_000
"""How many sources are remembered; who is forgotten may tell a burst."""

Source = tuple[str, str, str]
"""A component, its host, and the namespace of its events."""


class EventLimits:
    """The buckets of all sources; `clock` is in seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paces: OrderedDict[Source, Pace] = OrderedDict()

    def take(self, event: Event) -> None:
        """Take a token for an event. Raises `TooMany` when there is none."""
        pace = self._pace((event.source.component, event.source.host, event.metadata.namespace))
        if not pace.take(1, self._clock()):
            who = f"{event.source.component or 'somebody'} {event.source.host}".rstrip()
            where = event.metadata.namespace or "default"
            raise TooMany(f"{who} tells too many events in namespace {where}: {BURST} at once, {PER_SECOND:g} a second")

    def _pace(self, source: Source) -> Pace:
        pace = self._paces.setdefault(source, Pace(PER_SECOND, BURST, BURST))
        self._paces.move_to_end(source)
        if len(self._paces) > SOURCES_MOST:
            self._paces.popitem(last=False)
        return pace
