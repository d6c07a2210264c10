"""The one protocol that every store speaks: a revisioned map from keys to bytes.

A store has one revision, a positive counter that every commit raises, and an id, drawn when it begins: data that was
lost and begins anew is another store, whose revisions have nothing to do with those before. Keys are text, `/`
separates their parts, and values are opaque bytes. What holds for every implementation is written here and proved by
tests/conformance/stores.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

NEW_STORE = 1
"""The revision of a store without commits."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's value, and the revision of the commit that put it there."""

    key: str
    value: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class Change:
    """One key's change: the new value, or None for a deletion, and the revision of its commit."""

    key: str
    value: bytes | None
    revision: int
    previous: Entry | None
    """The key's entry right before, or None where it was absent. Known for every change that a watch delivers,
    live or from the past: compaction keeps each key's newest entry up to the compacted revision.
    """

    @property
    def entry(self) -> Entry | None:
        """The key's entry right after, or None where it is absent."""
        return None if self.value is None else Entry(self.key, self.value, self.revision)


@dataclass(frozen=True, slots=True)
class Put:
    """Set a key. `expect` is the revision the key must have now: 0 for absent, None for any."""

    key: str
    value: bytes
    expect: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a key. `expect` is as in `Put`; removing an absent key without `expect` does nothing."""

    key: str
    expect: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Do nothing to a key, but only while it is at revision `expect`; 0 is absent."""

    key: str
    expect: int


Operation = Put | Delete | Check


class PreconditionFailed(Exception):
    """An operation's `expect` did not hold; nothing of the commit was done. `current` maps each failed key to its
    entry now, or None where it is absent.
    """

    def __init__(self, current: dict[str, Entry | None]) -> None:
        super().__init__(", ".join(sorted(current)))
        self.current = current


class Compacted(Exception):
    """Changes after the asked revision are partly gone, or the store is another one or an earlier state of itself by
    now; list again. `revision` is the oldest to ask for.
    """

    def __init__(self, revision: int) -> None:
        super().__init__(f"changes before revision {revision} are compacted away")
        self.revision = revision


@dataclass(frozen=True, slots=True)
class Listing:
    """All entries below a prefix in the order of their keys, as of `revision` of the store `store_id`."""

    entries: Sequence[Entry]
    revision: int
    store_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive changes in order of revision; `revision` is how far they bring the watcher.

    All changes of one revision are in one batch. `changes` may be empty: then only the revision moves.
    """

    changes: Sequence[Change]
    revision: int


class Store(Protocol):
    """A revisioned map. All methods may be called from many tasks of one event loop at once.

    Failures other than the two above are `common.errors`: `Unavailable` when the engine cannot be reached
    (a commit may then still have happened), `StoreFull` when it takes no more (nothing happened).
    """

    async def get(self, key: str) -> Entry | None:
        """Read one key, no older than the store at the time of the call."""
        ...

    async def list(self, prefix: str) -> Listing:
        """Read all keys that start with `prefix`, no older than the store at the time of the call."""
        ...

    async def commit(self, operations: Sequence[Operation]) -> int:
        """Do all operations or none, durably, and return the revision they have now.

        Raises `PreconditionFailed`, and `Invalid` for a commit beyond what `storage.limits` allows. Commits that
        wait at the same time share one fsync or one transaction; two that share an engine's transaction may get
        the same revision. A cancelled caller's commit may still happen.
        """
        ...

    async def revision(self) -> int:
        """The revision of the newest commit, by whomever, at the time of the call."""
        ...

    def watch(self, prefix: str, after: int) -> AsyncGenerator[Batch, None]:
        """Stream every change below `prefix` after revision `after`, each once and in order, then go on forever.

        Raises `Compacted` when changes after `after` are gone, and survives lost connections by itself. A slow
        reader costs no memory: what it has not taken yet is read again from the engine's history. Closing the
        iterator ends the watch; closing the store ends the iteration.
        """
        ...

    async def compact(self, revision: int) -> None:
        """Forget changes up to and including `revision`; current entries stay. Going back does nothing.

        Raises `Invalid` for a revision that is still to come.
        """
        ...

    async def close(self) -> None:
        """Finish the commits that wait, end all watches and let go of the engine. Idempotent."""
        ...
