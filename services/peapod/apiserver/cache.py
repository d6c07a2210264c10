"""The objects of one kind as of one revision, and the latest changes to them: what all reads are served from.

The cache is fed in order by the store's one watch (`feed`) and is used from one event loop; everything here is
synchronous, so what a reader sees between two awaits is of one revision.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from peapod.apiserver import wire
from peapod.apiserver.index import Index
from peapod.apiserver.resources.strategy import Strategy
from peapod.apiserver.selection import Selection
from peapod.apiserver.storage.store import Change, Entry
from peapod.common.errors import Expired
from peapod.v1 import meta_pb2


class Item:
    """One object: its bytes with the resource version, and of its content only what selectors read."""

    __slots__ = ("_framed", "data", "fields", "key", "labels", "name", "namespace", "revision")

    def __init__(self, strategy: Strategy[Any], entry: Entry) -> None:
        message = strategy.message.FromString(entry.value)
        self.key = entry.key
        self.revision = entry.revision
        self.data = wire.versioned(entry.value, entry.revision)
        self.namespace: str = message.metadata.namespace
        self.name: str = message.metadata.name
        self.labels: dict[str, str] = dict(message.metadata.labels)
        self.fields: dict[str, str] = {name: read(message) for name, read in strategy.selectable.items()}
        self._framed: bytes | None = None

    @property
    def framed(self) -> bytes:
        """The object as the first field of an answer or an item of a list; made once."""
        if self._framed is None:
            self._framed = wire.framed(self.data)
        return self._framed


class Occurrence:
    """One change of one object, with its encodings, each made at most once for all watchers."""

    __slots__ = ("_encoded", "new", "old", "revision")

    def __init__(self, old: Item | None, new: Item | None, revision: int) -> None:
        self.old = old
        self.new = new
        self.revision = revision
        self._encoded: dict[int, bytes] = {}

    def seen_through(self, selection: Selection) -> bytes | None:
        """Encode the change as a watcher with this selection sees it; None when it does not see it."""
        before = self.old is not None and selection.matches(self.old)
        after = self.new is not None and selection.matches(self.new)
        if after:
            return self._encode(wire.MODIFIED if before else wire.ADDED)
        return self._encode(wire.DELETED) if before else None

    def _encode(self, kind: meta_pb2.EventType) -> bytes:
        encoded = self._encoded.get(kind)
        if encoded is None:
            encoded = self._encoded[kind] = wire.change(kind, self._object(kind))
        return encoded

    def _object(self, kind: meta_pb2.EventType) -> bytes:
        if kind != wire.DELETED:
            assert self.new is not None
            return self.new.data
        assert self.old is not None
        return wire.versioned(self.old.data, self.revision)


class Cache:
    """All objects of a kind, in order of their keys, and a ring of the latest changes."""

    def __init__(self, strategy: Strategy[Any], history: int) -> None:
        self.strategy = strategy
        self.revision = 0
        """Everything up to this revision of the store is in."""
        self.store_id = ""
        """Which store that is."""
        self._items: dict[str, Item] = {}
        self._order: list[str] = []
        self._index = Index(strategy.trigger)
        self._ring: deque[Occurrence] = deque(maxlen=history)
        self._oldest = 0
        self._listeners: list[Callable[[Occurrence], None]] = []

    def __len__(self) -> int:
        return len(self._items)

    def listen(self, listener: Callable[[Occurrence], None]) -> None:
        """Have every later change told, in order, as it is applied."""
        self._listeners.append(listener)

    def position(self) -> bytes:
        """Encode where the cache is."""
        return wire.position(self.revision, self.store_id)

    def load(self, entries: Iterable[Entry], revision: int, store_id: str) -> None:
        """Start afresh from a listing of the store; the ring is empty then."""
        self.store_id = store_id
        self._items = {entry.key: Item(self.strategy, entry) for entry in entries}
        self._order = sorted(self._items)
        self._index.clear()
        for item in self._items.values():
            self._index.add(item)
        self._ring.clear()
        self._oldest = self.revision = revision

    def remember(self, changes: Iterable[Change], oldest: int) -> None:
        """Fill the ring after `load` with changes of the past, after revision `oldest` up to the loaded one."""
        self._oldest = oldest
        for change in changes:
            self._keep(self._occurrence(change))

    def apply(self, changes: Iterable[Change]) -> None:
        """Take in changes that are newer than everything before; `advance` then says how far they reach."""
        for change in changes:
            occurrence = self._occurrence(change)
            self._replace(change.key, occurrence.new)
            self._keep(occurrence)
            for listener in self._listeners:
                listener(occurrence)

    def advance(self, revision: int) -> None:
        """Declare everything up to `revision` to be in."""
        self.revision = revision

    def get(self, key: str) -> Item | None:
        """Look one object up."""
        return self._items.get(key)

    def all(self) -> Iterator[Item]:
        """Walk all objects, in no order."""
        return iter(self._items.values())

    def select(self, selection: Selection) -> Iterator[Item]:
        """Walk the objects that match, in order of their keys."""
        items = self._items
        candidates = self._index.candidates(selection)
        if candidates is not None:
            yield from (items[key] for key in sorted(candidates) if selection.matches(items[key]))
            return
        start = bisect_left(self._order, selection.prefix) if selection.prefix else 0
        for index in range(start, len(self._order)):
            item = items[self._order[index]]
            if not item.key.startswith(selection.prefix):
                return
            if selection.matches(item):
                yield item

    def since(self, revision: int, store_id: str, selection: Selection) -> list[tuple[int, bytes]]:
        """Encode the changes after `revision`, as seen through a selection, each with its own. Raises `Expired`, also
        when the revision is of another store; an empty `store_id` is not compared.
        """
        if store_id and store_id != self.store_id:
            raise Expired(f"revision {revision} is of the store {store_id}, which this one has replaced: list again")
        if revision < self._oldest or revision > self.revision:
            raise Expired(f"revision {revision} is not within {self._oldest} to {self.revision}: list again")
        seen = []
        for occurrence in reversed(self._ring):
            if occurrence.revision <= revision:
                break
            encoded = occurrence.seen_through(selection)
            if encoded is not None:
                seen.append((occurrence.revision, encoded))
        seen.reverse()
        return seen

    def _occurrence(self, change: Change) -> Occurrence:
        known = self._items.get(change.key)
        old = None
        if change.previous is not None:
            same = known is not None and known.revision == change.previous.revision
            old = known if same else Item(self.strategy, change.previous)
        new = None
        if change.value is not None:
            new = Item(self.strategy, Entry(change.key, change.value, change.revision))
        return Occurrence(old, new, change.revision)

    def _replace(self, key: str, new: Item | None) -> None:
        old = self._items.get(key)
        if old is not None:
            self._index.remove(old)
        if new is not None:
            self._index.add(new)
            self._items[key] = new
            if old is None:
                insort(self._order, key)
        elif old is not None:
            del self._items[key]
            del self._order[bisect_left(self._order, key)]

    def _keep(self, occurrence: Occurrence) -> None:
        if len(self._ring) == self._ring.maxlen:
            self._oldest = self._ring[0].revision
        self._ring.append(occurrence)
