"""Stores as tests meet them: places to open them at, and what every history of one must satisfy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from peapod.apiserver.storage.open import open_store
from peapod.apiserver.storage.store import Change, Entry, Put, Store

ROOT = "/peapod/"


@dataclass(frozen=True)
class Place:
    """Where a store's data is."""

    url: str

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Store]:
        store = open_store(self.url)
        try:
            yield store
        finally:
            await store.close()


@dataclass
class Replay:
    """The state that follows from a watch's changes; refuses what is out of order or does not fit what was before."""

    entries: dict[str, Entry] = field(default_factory=dict)
    revision: int = 0
    changes: list[Change] = field(default_factory=list)

    def apply(self, changes: Sequence[Change], upto: int) -> None:
        assert upto > self.revision, "a batch moves the revision"
        for change in changes:
            assert self.revision < change.revision <= upto
            assert change.previous == self.entries.get(change.key)
            if change.entry is None:
                del self.entries[change.key]
            else:
                self.entries[change.key] = change.entry
        revisions = [change.revision for change in changes]
        assert revisions == sorted(revisions)
        self.changes += changes
        self.revision = upto

    async def follow(self, store: Store, upto: int, prefix: str = ROOT) -> Replay:
        """Watch from where the replay is until it is at `upto`."""
        if self.revision < upto:
            async with aclosing(store.watch(prefix, self.revision)) as batches:
                async for batch in batches:
                    self.apply(batch.changes, batch.revision)
                    if batch.revision >= upto:
                        break
        return self


async def replay(store: Store, prefix: str = ROOT) -> Replay:
    """Start a replay at the store's present."""
    listing = await store.list(prefix)
    return Replay({entry.key: entry for entry in listing.entries}, listing.revision)


async def put_all(store: Store, keys: Sequence[str], value: bytes = b"x") -> list[int]:
    """Commit one put per key, all at the same time."""
    return await asyncio.gather(*(store.commit([Put(key, value)]) for key in keys))
