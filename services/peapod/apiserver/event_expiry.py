"""Events are gone an hour after their last repeat."""

from __future__ import annotations

import asyncio
import logging
import time

from peapod.apiserver.cache import Cache
from peapod.apiserver.storage.store import Delete, PreconditionFailed, Store
from peapod.v1 import event_pb2

log = logging.getLogger(__name__)


class EventExpiry:
    """Removes old events; `seconds` is how long one is kept. Several servers on one store may all do this."""

    def __init__(self, store: Store, events: Cache, seconds: float) -> None:
        self._store = store
        self._events = events
        self._seconds = seconds

    async def run(self) -> None:
        """Sleep until the oldest event is due, remove what is, and so on forever."""
        while True:
            # An event that comes while this sleeps is younger than all that are there.
            await asyncio.sleep(max(1.0, self._next_due() - time.time()))
            removed = await self.remove_due()
            if removed:
                log.info("removed %d events older than %d s", removed, self._seconds)

    async def remove_due(self) -> int:
        """Remove every event that is due, and return how many were."""
        due = time.time() - self._seconds
        old = [item for item in self._events.all() if _last_seen(item.data) <= due]
        commits = (self._remove(Delete(item.key, expect=item.revision)) for item in old)
        return sum(await asyncio.gather(*commits))

    async def _remove(self, deletion: Delete) -> bool:
        try:
            await self._store.commit([deletion])
        except PreconditionFailed:
            return False
        return True

    def _next_due(self) -> float:
        oldest = min((_last_seen(item.data) for item in self._events.all()), default=time.time())
        return oldest + self._seconds


def _last_seen(data: bytes) -> float:
    return float(event_pb2.Event.FromString(data).last_timestamp.seconds)
