"""The embedded engine: everything in memory, every change in one SQLite file.

All state lives on the event loop. Commits that wait are decided together by `sqlite_plan`, written and synced by one
thread in one go, and only then applied here, answered and shown to watches; meanwhile the next ones gather.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from peapod.apiserver.storage.group import Commit, GroupCommit, Outcome
from peapod.apiserver.storage.limits import size
from peapod.apiserver.storage.recent import Recent
from peapod.apiserver.storage.sqlite_file import MOST_CHANGES, SqliteFile
from peapod.apiserver.storage.sqlite_plan import plan
from peapod.apiserver.storage.store import Batch, Change, Compacted, Entry, Listing, Operation
from peapod.apiserver.storage.worker import Worker
from peapod.common.errors import Invalid, PeapodError, Unavailable
from peapod.common.process import end

log = logging.getLogger(__name__)

_GROUP_BYTES = 8 << 20
"""How many bytes of values are written in one go, unless one commit alone has more."""
_SLICE = 256
"""How many changes, revisions or pages one turn of the thread deals with, so that commits get theirs soon."""


class SqliteStore:
    """The `Store` in one file, for one process. Remembers the changes of at least the last `keep` revisions."""

    def __init__(self, path: Path, *, keep: int = 50_000) -> None:
        """Open or create the file and read it, which blocks.

        Raises `Unavailable` while somebody else has it open, and `Invalid` when it is no store.
        """
        self._file = SqliteFile(path)
        self._id = self._file.id()
        self._entries = self._file.entries()
        self._revision = self._file.revision()
        self._compacted = self._file.compacted()
        self._keep = keep
        self._recent = Recent(self._revision)
        self._worker = Worker("store")
        self._commits = GroupCommit(_choose, self._write)
        self._janitor: asyncio.Task[None] | None = None
        self._clean_at = self._compacted + keep + keep // 10
        self._closing: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    async def get(self, key: str) -> Entry | None:
        """Look up one key."""
        self._require_open()
        return self._entries.get(key)

    async def list(self, prefix: str) -> Listing:
        """Look up all keys that start with `prefix`."""
        self._require_open()
        entries = [entry for key, entry in self._entries.items() if entry and key.startswith(prefix)]
        entries.sort(key=lambda entry: entry.key)
        return Listing(entries, self._revision, self._id)

    async def revision(self) -> int:
        """Tell the newest revision."""
        self._require_open()
        return self._revision

    async def commit(self, operations: Sequence[Operation]) -> int:
        """Queue the operations for the next group and wait until it is on the disk."""
        return await self._commits.commit(operations)

    async def watch(self, prefix: str, after: int) -> AsyncGenerator[Batch, None]:
        """Stream from the window of recent changes; a watch that is behind it reads the log until it is within."""
        while self._closing is None:
            news = self._news
            batch = await self._next_batch(prefix, after)
            if after < self._compacted:
                raise Compacted(self._compacted)
            if batch.revision == after:
                await news.wait()
                continue
            after = batch.revision
            yield batch

    async def compact(self, revision: int) -> None:
        """Mark the changes as gone, durably; their room is freed in the background."""
        self._require_open()
        if revision > self._revision:
            raise Invalid(f"revision {revision} is still to come: the store is at {self._revision}")
        if revision > self._compacted:
            await self._worker.call(self._file.mark_compacted, revision)
            self._compacted = max(self._compacted, revision)
            self._tell()
            self._start_cleaning()

    async def close(self) -> None:
        """Write what waits, end the watches and close the file."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="store close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._tell()
        if self._janitor is not None:
            await end(self._janitor)
        await self._commits.close()
        await self._worker.call(self._file.close)
        self._worker.stop()

    async def _write(self, group: Sequence[Commit]) -> Sequence[Outcome]:
        decided = plan((commit.operations for commit in group), self._entries, self._revision)
        if decided.changes:
            await self._worker.call(self._file.append, decided.changes)
            self._apply(decided.changes)
        return decided.outcomes

    def _apply(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.value is None:
                del self._entries[change.key]
            else:
                self._entries[change.key] = change.entry
        self._revision = changes[-1].revision
        self._recent.append(changes)
        self._tell()
        if self._revision >= self._clean_at:
            self._start_cleaning()

    def _tell(self) -> None:
        """Wake every watch that waits."""
        self._news.set()
        self._news = asyncio.Event()

    async def _next_batch(self, prefix: str, after: int) -> Batch:
        if after >= self._recent.start:
            return self._recent.since(after, self._revision, prefix, _SLICE)
        upto = min(after + _SLICE, self._revision)
        changes = await self._worker.call(self._file.history, after, upto)
        return Batch([change for change in changes if change.key.startswith(prefix)], upto)

    def _start_cleaning(self) -> None:
        if self._janitor is None and self._closing is None:
            self._clean_at = self._revision + self._keep // 10
            self._janitor = asyncio.create_task(self._clean(), name="store janitor")

    async def _clean(self) -> None:
        """Compact what is older than the store has to remember, and free the room of what is compacted."""
        try:
            if self._revision - self._keep > self._compacted:
                await self.compact(self._revision - self._keep)
            while await self._worker.call(self._file.trim, _SLICE):
                pass
            while await self._worker.call(self._file.shrink, _SLICE):
                pass
        except PeapodError as error:
            log.warning("the store's log was not shortened, which is tried again later: %s", error)
        finally:
            self._janitor = None

    def _require_open(self) -> None:
        if self._closing is not None:
            raise Unavailable("the store is closed")


def _choose(waiting: Sequence[Commit]) -> tuple[list[Commit], list[Commit]]:
    """Take those that came first, as many as are written in one go."""
    count = operations = bytes_ = 0
    for commit in waiting:
        operations += len(commit.operations)
        bytes_ += size(commit.operations)
        if count and (operations > MOST_CHANGES or bytes_ > _GROUP_BYTES):
            break
        count += 1
    return list(waiting[:count]), list(waiting[count:])
