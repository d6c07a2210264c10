"""A kind's cache in the apiserver: fed with what the store tells, holding objects as the bytes that were stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from peapod.apiserver import wire
from peapod.apiserver.resources.strategy import Strategy
from peapod.apiserver.storage.store import Change, Entry
from peapod.common.watching import cache
from peapod.common.watching.form import DELETED
from peapod.common.watching.occurrence import Occurrence
from peapod.common.watching.selection import Selection
from peapod.v1.meta_pb2 import EventType, ObjectMeta


class Item:
    """One object: its bytes with the resource version, and of its content only what selectors and the expiry read."""

    __slots__ = ("_framed", "data", "deletion", "fields", "key", "labels", "name", "namespace", "revision")

    def __init__(self, strategy: Strategy[Any], entry: Entry) -> None:
        message = strategy.message.FromString(entry.value)
        self.key = entry.key
        self.revision = entry.revision
        self.data = wire.versioned(entry.value, entry.revision)
        self.namespace: str = message.metadata.namespace
        self.name: str = message.metadata.name
        self.labels: dict[str, str] = dict(message.metadata.labels)
        self.fields: dict[str, str] = {name: read(message) for name, read in strategy.selectable.items()}
        self.deletion = _deletion(message.metadata)
        self._framed: bytes | None = None

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return 2 * len(self.data)

    @property
    def framed(self) -> bytes:
        """The object as the first field of an answer or an item of a list; made once."""
        if self._framed is None:
            self._framed = wire.framed(self.data)
        return self._framed


def _deletion(metadata: ObjectMeta) -> float:
    """Read the deletion time, in seconds; 0 where there is none."""
    if not metadata.HasField("deletion_timestamp"):
        return 0.0
    return metadata.deletion_timestamp.seconds + metadata.deletion_timestamp.nanos / 1e9


class WireForm:
    """Changes as parts of a serialised WatchXxxResponse."""

    def change(self, kind: EventType, item: Item, revision: int) -> bytes:
        """Write an event; a deleted object has the version of its deletion."""
        return wire.change(kind, wire.versioned(item.data, revision) if kind == DELETED else item.data)

    def position(self, revision: int, store_id: str) -> bytes:
        """Write how far the batch goes."""
        return wire.position(revision, store_id)


WIRE = WireForm()


class Cache(cache.Cache[Item]):
    """All objects of a kind as the store has them."""

    def __init__(self, strategy: Strategy[Any], history: int) -> None:
        super().__init__(strategy, history)
        self.strategy = strategy

    def position(self) -> bytes:
        """Encode where the cache is."""
        return wire.position(self.revision, self.store_id)

    def of_namespace(self, namespace: str) -> Iterator[Item]:
        """Walk the objects of a namespace."""
        return self.select(Selection(self.strategy, namespace, "", "")) if len(self) else iter(())

    def load_entries(self, entries: Iterable[Entry], revision: int, store_id: str) -> None:
        """Start afresh from a listing of the store."""
        self.load((Item(self.strategy, entry) for entry in entries), revision, store_id)

    def remember_changes(self, changes: Iterable[Change], oldest: int) -> None:
        """Fill the ring after `load_entries` with the store's past, as `remember` does."""
        self.remember(map(self._occurrence, changes), oldest)

    def apply_changes(self, changes: Iterable[Change]) -> None:
        """Take in what the store has newly told."""
        for change in changes:
            self.apply(change.key, self._occurrence(change))

    def _occurrence(self, change: Change) -> Occurrence[Item]:
        known = self.get(change.key)
        old = None
        if change.previous is not None:
            same = known is not None and known.revision == change.previous.revision
            old = known if same else Item(self.strategy, change.previous)
        new = None
        if change.value is not None:
            new = Item(self.strategy, Entry(change.key, change.value, change.revision))
        return Occurrence(old, new, change.revision)
