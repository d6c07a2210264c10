"""Events are gone an hour after their last repeat, and sooner when there are too many of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from peapod.apiserver.cache import Cache
from peapod.apiserver.feed import Feed
from peapod.apiserver.storage.store import Delete, PreconditionFailed, Store
from peapod.v1 import event_pb2

log = logging.getLogger(__name__)


class EventExpiry:
    """Removes old events: those last seen `seconds` ago by the `clock`, and of more than `most` the oldest.

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
        self._crowded = asyncio.Event()
        events.listen(lambda _: self._look())

    async def run(self) -> None:
        """Sleep until the oldest event is due or there are too many, remove what is, and so on forever."""
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
        seen = sorted((_last_seen(item.data), item.key, item.revision) for item in self._events.all())
        spare = len(seen) - (self._most - self._most // 10) if len(seen) > self._most else 0
        due = self._clock() - self._seconds
        old = [found for place, found in enumerate(seen) if place < spare or found[0] <= due]
        return sum(await asyncio.gather(*(self._remove(Delete(key, expect=revision)) for _, key, revision in old)))

    async def _rest(self) -> None:
        self._crowded.clear()
        # An event that comes while this sleeps is younger than all that are there.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._crowded.wait(), max(1.0, self._next_due() - self._clock()))

    def _look(self) -> None:
        if len(self._events) > self._most:
            self._crowded.set()

    async def _remove(self, deletion: Delete) -> bool:
        try:
            await self._store.commit([deletion])
        except PreconditionFailed:
            return False
        return True

    def _next_due(self) -> float:
        oldest = min((_last_seen(item.data) for item in self._events.all()), default=self._clock())
        return oldest + self._seconds


def _last_seen(data: bytes) -> float:
    last = event_pb2.Event.FromString(data).last_timestamp
    return last.seconds + last.nanos / 1e9
