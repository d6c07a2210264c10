"""The objects of one kind as of one revision, and the latest changes to them: what all reads are served from.

A cache is fed in order by one watch and is used from one event loop; everything here is synchronous, so what a reader
sees between two awaits is of one revision.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic

from peapod.common.errors import Expired
from peapod.common.watching.form import Form, I
from peapod.common.watching.index import Index
from peapod.common.watching.occurrence import Occurrence
from peapod.common.watching.selection import Scheme, Selection

RING_BYTES = 256 << 20
"""About how much memory the changes of one kind may take; beyond that the oldest go, as they do by their count."""

_BEHIND_SLASH = chr(ord("/") + 1)


class Cache(Generic[I]):
    """All objects of a kind, in order of their keys, and a ring of the latest changes."""

    def __init__(self, scheme: Scheme, history: int) -> None:
        self.revision = 0
        """Everything up to this revision of the store is in."""
        self.latest = 0
        """No later change than this one is known of."""
        self.store_id = ""
        """Which store that is."""
        self.trigger = scheme.trigger
        self._items: dict[str, I] = {}
        self._order: list[str] = []
        self._index = Index(scheme.trigger)
        self._history = history
        self._ring: deque[Occurrence[I]] = deque()
        self._ring_bytes = 0
        self._oldest = 0
        self._listeners: list[Callable[[Occurrence[I]], None]] = []
        self._load_listeners: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._items)

    def listen(self, listener: Callable[[Occurrence[I]], None], on_load: Callable[[], None] | None = None) -> None:
        """Have every later change told, in order, as it is applied; and every fresh start, for which no change is."""
        self._listeners.append(listener)
        if on_load is not None:
            self._load_listeners.append(on_load)

    def load(self, items: Iterable[I], revision: int, store_id: str) -> None:
        """Start afresh from all objects of a store; the ring is empty then."""
        self.store_id = store_id
        self._items = {item.key: item for item in items}
        self._order = sorted(self._items)
        self._index.clear()
        for item in self._items.values():
            self._index.add(item)
        self._ring.clear()
        self._ring_bytes = 0
        self._oldest = self.revision = self.latest = revision
        for listener in self._load_listeners:
            listener()

    def remember(self, past: Iterable[Occurrence[I]], oldest: int) -> None:
        """Fill the ring after `load` with changes of the past, after revision `oldest` up to the loaded one."""
        self._oldest = oldest
        for occurrence in past:
            self._keep(occurrence)

    def apply(self, key: str, occurrence: Occurrence[I]) -> None:
        """Take in a change that is newer than everything before; `advance` then says how far the changes reach."""
        self._replace(key, occurrence.new)
        self._keep(occurrence)
        self.latest = occurrence.revision
        for listener in self._listeners:
            listener(occurrence)

    def advance(self, revision: int) -> None:
        """Declare everything up to `revision` to be in."""
        self.revision = revision

    def get(self, key: str) -> I | None:
        """Look one object up."""
        return self._items.get(key)

    def all(self) -> Iterator[I]:
        """Walk all objects, in no order."""
        return iter(self._items.values())

    def select(self, selection: Selection) -> Iterator[I]:
        """Walk the objects that match, in order of their keys."""
        items = self._items
        candidates = self._index.candidates(selection)
        if candidates is not None:
            yield from (items[key] for key in sorted(candidates) if selection.matches(items[key]))
            return
        keys = self._below(selection.prefix)
        if selection.whole:
            yield from (items[key] for key in keys)
        else:
            yield from (items[key] for key in keys if selection.matches(items[key]))

    def since(self, revision: int, store_id: str, selection: Selection, form: Form[I]) -> list[tuple[int, bytes]]:
        """Write the changes after `revision`, as seen through a selection, each with its own. Raises `Expired`, also
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
            encoded = occurrence.seen_through(selection, form)
            if encoded is not None:
                seen.append((occurrence.revision, encoded))
        seen.reverse()
        return seen

    def _below(self, prefix: str) -> list[str]:
        """The keys that begin with a prefix, which is empty or ends in a slash."""
        if not prefix:
            return self._order
        end = prefix[:-1] + _BEHIND_SLASH
        return self._order[bisect_left(self._order, prefix) : bisect_left(self._order, end)]

    def _replace(self, key: str, new: I | None) -> None:
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

    def _keep(self, occurrence: Occurrence[I]) -> None:
        self._ring.append(occurrence)
        self._ring_bytes += occurrence.size
        while len(self._ring) > self._history or self._ring_bytes > RING_BYTES:
            gone = self._ring.popleft()
            self._ring_bytes -= gone.size
            self._oldest = gone.revision
