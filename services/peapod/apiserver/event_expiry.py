"""Events are gone an hour after their last repeat, and sooner when there are too many of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from peapod.apiserver.cache import Cache, Item
from peapod.apiserver.deadlines import Deadlines
from peapod.apiserver.feed import Feed
from peapod.apiserver.storage.store import Delete, PreconditionFailed, Store
from peapod.common.watching.occurrence import Occurrence

log = logging.getLogger(__name__)


class EventExpiry:
    """Removes events whose deletion time has come by the `clock`, and of more than `most` those that have the least
    time left. What the reporters say of times does not count.

    An event without a deletion time, from a server that set none, has `seconds` from when it is first seen here.
    Several servers on one store may all do this.
    """

    def __init__(
        self,
        store: Store,
        feed: Feed,
        events: Cache,
        *,
        seconds: float,
        most: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._feed = feed
        self._events = events
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._deadlines = Deadlines()
        self._next = 0.0
        self._woken = asyncio.Event()
        events.listen(self._take_in, on_load=self._begin_anew)
        self._begin_anew()

    async def run(self) -> None:
        """Sleep until the earliest event is due or there are too many, remove what is, and so on forever."""
        while True:
            if len(self._events) <= self._most:
                await self._rest()
            removed = await self.remove_due()
            if removed:
                log.info("removed %d events, the oldest", removed)

    async def remove_due(self) -> int:
        """Remove every event that is due, and return how many were. When there are too many, a tenth more than those is
        removed, so that this is not to be done for each single event.
        """
        await self._feed.fresh()
        there = len(self._events)
        spare = there - (self._most - self._most // 10) if there > self._most else 0
        found = map(self._events.get, self._deadlines.reached(self._clock(), spare))
        return sum(await asyncio.gather(*(self._remove(item) for item in found if item is not None)))

    async def _rest(self) -> None:
        self._woken.clear()
        now = self._clock()
        self._next = self._deadlines.first(now + self._seconds)
        with suppress(TimeoutError):
            # What falls due within a second is removed together.
            await asyncio.wait_for(self._woken.wait(), max(1.0, self._next - now))

    def _begin_anew(self) -> None:
        self._deadlines.load({item.key: self._due(item) for item in self._events.all()})
        self._look()

    def _take_in(self, occurrence: Occurrence[Item]) -> None:
        if occurrence.new is not None:
            self._deadlines.put(occurrence.new.key, self._due(occurrence.new))
            self._look()
        elif occurrence.old is not None:
            self._deadlines.drop(occurrence.old.key)

    def _due(self, item: Item) -> float:
        return item.deletion or self._deadlines.get(item.key) or self._clock() + self._seconds

    def _look(self) -> None:
        if len(self._events) > self._most or self._deadlines.first(self._next) < self._next:
            self._woken.set()

    async def _remove(self, item: Item) -> bool:
        try:
            await self._store.commit([Delete(item.key, expect=item.revision)])
        except PreconditionFailed:
            return False
        return True
