"""All watches of one kind: where they begin, and which lanes a change has to reach."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Generic

from peapod.common.errors import PeapodError
from peapod.common.watching.cache import Cache
from peapod.common.watching.form import ADDED, Form, I
from peapod.common.watching.lane import MESSAGE_BYTES, Lane
from peapod.common.watching.occurrence import Occurrence
from peapod.common.watching.selection import Selection


class FanOut(Generic[I]):
    """Watches over one cache. `max_age` is in seconds: a watch ends in good order after 75% to 100% of it."""

    def __init__(self, cache: Cache[I], max_age: float) -> None:
        self._cache = cache
        self._max_age = max_age
        self._lanes: dict[object, Lane[I]] = {}
        self._general: dict[object, Lane[I]] = {}
        self._by_trigger: dict[str, dict[object, Lane[I]]] = {}
        self._closed: PeapodError | None = None
        self._open = 0
        self._empty = asyncio.Event()
        cache.listen(self._offer)

    @property
    def watchers(self) -> int:
        """How many watches are open."""
        return self._open

    @property
    def closed(self) -> bool:
        """Whether no watch can begin any more."""
        return self._closed is not None

    async def watch(
        self, selection: Selection, form: Form[I], revision: int, store_id: str
    ) -> AsyncGenerator[bytes, None]:
        """Stream batches in a form: first what exists (revision 0) or has changed since `revision`, then every change.

        The caller has seen to it that the cache is fresh. Raises `Expired`, `SlowWatcher`, and what ends the watch.
        """
        if self._closed is not None:
            raise self._closed
        lane = self._lane(selection, form)
        watcher = lane.join(self._deadline())
        self._count(1)
        try:
            for message in self._beginning(selection, form, revision, store_id):
                if message:
                    yield message
            while (next_message := await lane.wait(watcher)) is not None:
                yield next_message
        finally:
            lane.leave(watcher)
            self._forget_empty(lane)
            self._count(-1)

    def tick(self) -> None:
        """Bring quiet watchers up to the cache's revision, and end the oldest watches."""
        now = time.monotonic()
        for lane in list(self._lanes.values()):
            lane.tick(now)

    def end(self, error: PeapodError) -> None:
        """End every open watch with `error`, after what is pending; new ones may begin."""
        lanes, self._lanes = self._lanes, {}
        self._general.clear()
        self._by_trigger.clear()
        for lane in lanes.values():
            lane.end(error)

    async def close(self, error: PeapodError) -> None:
        """End every open watch with `error`, refuse new ones with it, and return when all are over."""
        self._closed = error
        self.end(error)
        await self.idle()

    async def idle(self) -> None:
        """Return once no watch is open."""
        if self._open:
            await self._empty.wait()

    def _beginning(self, selection: Selection, form: Form[I], revision: int, store_id: str) -> Iterator[bytes]:
        """Collect the beginning now, as of the cache's revision, and join its messages as they are wanted."""
        cache = self._cache
        end = form.position(cache.revision, cache.store_id)
        if revision:
            changes = cache.since(revision, store_id, selection, form)
            return _catch_up(changes, end, lambda reached: form.position(reached, cache.store_id))
        return _snapshot(list(cache.select(selection)), end, form)

    def _offer(self, occurrence: Occurrence[I]) -> None:
        for lane in self._general.values():
            lane.offer(occurrence)
        if self._by_trigger:
            self._offer_triggered(occurrence)

    def _offer_triggered(self, occurrence: Occurrence[I]) -> None:
        trigger = self._cache.trigger
        states = (state for state in (occurrence.old, occurrence.new) if state is not None)
        for value in {state.fields[trigger] for state in states}:
            for lane in self._by_trigger.get(value, {}).values():
                lane.offer(occurrence)

    def _lane(self, selection: Selection, form: Form[I]) -> Lane[I]:
        identity = _identity(selection, form)
        lane = self._lanes.get(identity)
        if lane is None:
            lane = self._lanes[identity] = Lane(self._cache, selection, form)
            self._group(selection)[identity] = lane
        return lane

    def _group(self, selection: Selection) -> dict[object, Lane[I]]:
        if selection.trigger is None:
            return self._general
        return self._by_trigger.setdefault(selection.trigger, {})

    def _forget_empty(self, lane: Lane[I]) -> None:
        identity, trigger = _identity(lane.selection, lane.form), lane.selection.trigger
        if lane.watchers or self._lanes.get(identity) is not lane:
            return
        del self._lanes[identity]
        del self._group(lane.selection)[identity]
        if trigger is not None and not self._by_trigger[trigger]:
            del self._by_trigger[trigger]

    def _count(self, more: int) -> None:
        self._open += more
        if not self._open:
            self._empty.set()
        else:
            self._empty.clear()

    def _deadline(self) -> float:
        # Watches that began together, as after a restart, should not all end together.
        return time.monotonic() + self._max_age * random.uniform(0.75, 1.0)


def _identity(selection: Selection, form: Form[I]) -> object:
    return selection.identity, form


def _snapshot(items: list[I], end: bytes, form: Form[I]) -> Iterator[bytes]:
    """Join what exists into messages; only the last tells how far it goes, and is always made."""
    message: list[bytes] = []
    size = 0
    for item in items:
        message.append(form.change(ADDED, item, item.revision))
        size += len(message[-1])
        if size >= MESSAGE_BYTES:
            yield b"".join(message)
            message, size = [], 0
    yield b"".join(message) + end


def _catch_up(changes: list[tuple[int, bytes]], end: bytes, position: Callable[[int], bytes]) -> Iterator[bytes]:
    """Join changes of the past into messages, each of which can be resumed from; none splits a revision."""
    message: list[bytes] = []
    size, reached = 0, 0
    for at, change in changes:
        if size >= MESSAGE_BYTES and at != reached:
            yield b"".join(message) + position(reached)
            message, size = [], 0
        message.append(change)
        size += len(change)
        reached = at
    yield b"".join(message) + end
