"""The newest changes of a store, in memory: what watches that keep up are served from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter

from peapod.apiserver.storage.store import Batch, Change

_revision = attrgetter("revision")


class Recent:
    """A bounded window onto the end of the history. A watcher is only a revision here, whatever it has yet to read."""

    def __init__(self, start: int, most_changes: int = 4096, most_bytes: int = 8 << 20) -> None:
        self.start = start
        """Every change after this revision is in the window."""
        self._most_changes = most_changes
        self._most_bytes = most_bytes
        self._changes: list[Change] = []
        self._bytes = 0

    def append(self, changes: Sequence[Change]) -> None:
        """Add changes that are newer than all before; the oldest ones drop out."""
        self._changes += changes
        self._bytes += sum(map(_size, changes))
        if len(self._changes) > 2 * self._most_changes or self._bytes > 2 * self._most_bytes:
            self._shrink()

    def since(self, after: int, upto: int, prefix: str, most: int) -> Batch:
        """Cut the batch that follows `after`, with changes of about `most` keys; `after` is in the window.

        `upto` is the store's revision, which the batch reaches unless it is cut short.
        """
        first = bisect_right(self._changes, after, key=_revision)
        last = min(first + most, len(self._changes))
        if last < len(self._changes):
            upto = self._changes[last - 1].revision
            last = bisect_right(self._changes, upto, lo=last, key=_revision)
        changes = [change for change in self._changes[first:last] if change.key.startswith(prefix)]
        return Batch(changes, max(after, upto))

    def _shrink(self) -> None:
        """Drop whole revisions until both bounds hold; in one go for many, which costs next to nothing for each."""
        drop = 0
        while len(self._changes) - drop > self._most_changes or self._bytes > self._most_bytes:
            self._bytes -= _size(self._changes[drop])
            drop += 1
        self.start = self._changes[drop - 1].revision
        end = bisect_right(self._changes, self.start, lo=drop, key=_revision)
        self._bytes -= sum(map(_size, self._changes[drop:end]))
        del self._changes[:end]


def _size(change: Change) -> int:
    return len(change.value or b"") + (len(change.previous.value) if change.previous else 0)
