"""The one watch on the store that keeps all caches in step with it."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from peapod.apiserver.cache import Cache
from peapod.apiserver.keys import ROOT, kind_of
from peapod.apiserver.storage.store import NEW_STORE, Batch, Change, Compacted, Store
from peapod.common.errors import Unavailable

log = logging.getLogger(__name__)

BEHIND_SECONDS = 10.0
"""How long a reader waits for a cache that has lost its watch on the store."""


class Feed:
    """Fills the caches from the store and tells how far they are.

    When the store has compacted changes away that were not seen yet, or has lost its data, the caches start afresh and
    `on_reset` is called, for everyone who relied on having seen each change.
    """

    def __init__(self, store: Store, caches: Mapping[str, Cache], history: int, on_reset: Callable[[], None]) -> None:
        self.revision = 0
        """All caches are at this revision of the store."""
        self._store = store
        self._caches = caches
        self._history = history
        self._on_reset = on_reset
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    async def load(self) -> None:
        """Bring the caches to the store's present, with as much of its past as it remembers."""
        listing = await self._store.list(ROOT)
        by_kind = defaultdict(list)
        for entry in listing.entries:
            by_kind[kind_of(entry.key)].append(entry)
        for plural, cache in self._caches.items():
            cache.load_entries(by_kind[plural], listing.revision, listing.store_id)
        # At once, or somebody who watched would be brought to a revision without what changed before it.
        self._on_reset()
        self._advance(listing.revision)
        await self._remember(listing.revision)

    async def run(self) -> None:
        """Follow the store forever; `load` comes first."""
        while True:
            try:
                async for batch in self._store.watch(ROOT, self.revision):
                    self._apply(batch)
            except Compacted as gap:
                log.warning("missed what the store was before revision %d: starting afresh", gap.revision)
                await self.load()

    async def fresh(self) -> None:
        """Return once the caches hold every commit that was acknowledged before this call."""
        revision = await self._store.revision()
        if revision > self.revision:
            await self.reach(revision)

    async def reach(self, revision: int) -> None:
        """Return once the caches are at `revision` or later. Raises `Unavailable` if that takes too long."""
        if revision <= self.revision:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((revision, future))
        try:
            await asyncio.wait_for(future, BEHIND_SECONDS)
        except TimeoutError:
            behind = f"this server has seen the store up to revision {self.revision} of {revision}: try again"
            raise Unavailable(behind) from None

    def _apply(self, batch: Batch) -> None:
        for plural, changes in _split(batch.changes).items():
            if plural in self._caches:
                self._caches[plural].apply_changes(changes)
        self._advance(batch.revision)

    def _advance(self, revision: int) -> None:
        self.revision = revision
        for cache in self._caches.values():
            cache.advance(revision)
        if self._waiting:
            self._wake(revision)

    def _wake(self, revision: int) -> None:
        waiting, self._waiting = self._waiting, []
        for wanted, future in waiting:
            if wanted > revision:
                self._waiting.append((wanted, future))
            elif not future.done():
                future.set_result(None)

    async def _remember(self, revision: int) -> None:
        """Fill the caches' history, so that watchers resume across a restart of this process."""
        # An engine's revision may be ahead of the newest commit, where a watch of the past would wait for the next.
        revision = min(revision, await self._store.revision())
        oldest = max(NEW_STORE, revision - self._history)
        changes: list[Change] = []
        while oldest < revision:
            try:
                changes = await self._past(oldest, revision)
                break
            except Compacted as gap:
                oldest = max(gap.revision, oldest + 1)
        by_kind = _split(changes)
        for plural, cache in self._caches.items():
            cache.remember_changes(by_kind.get(plural, ()), oldest)

    async def _past(self, oldest: int, revision: int) -> list[Change]:
        changes: list[Change] = []
        stream = self._store.watch(ROOT, oldest)
        try:
            async for batch in stream:
                changes += (change for change in batch.changes if change.revision <= revision)
                if batch.revision >= revision:
                    break
        finally:
            await stream.aclose()
        return changes


def _split(changes: Iterable[Change]) -> dict[str, list[Change]]:
    by_kind: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_kind[kind_of(change.key)].append(change)
    return by_kind
