"""One change of one object, seen by many."""

from __future__ import annotations

from typing import Generic

from peapod.common.watching.form import ADDED, DELETED, MODIFIED, Form, I
from peapod.common.watching.selection import Selection
from peapod.v1.meta_pb2 import EventType


class Occurrence(Generic[I]):
    """A change from one state to another, with its encodings, each made at most once for all watchers."""

    __slots__ = ("_encoded", "new", "old", "revision")

    def __init__(self, old: I | None, new: I | None, revision: int) -> None:
        self.old = old
        self.new = new
        self.revision = revision
        self._encoded: dict[tuple[Form[I], int], bytes] = {}

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes: what it changed is counted where that was new."""
        latest = self.new or self.old
        return latest.size if latest is not None else 0

    def seen_through(self, selection: Selection, form: Form[I]) -> bytes | None:
        """Write the change as a watcher with this selection sees it; None when it does not see it."""
        before = self.old is not None and selection.matches(self.old)
        after = self.new is not None and selection.matches(self.new)
        if after:
            assert self.new is not None
            return self._encode(MODIFIED if before else ADDED, self.new, form)
        if before:
            assert self.old is not None
            return self._encode(DELETED, self.old, form)
        return None

    def _encode(self, kind: EventType, item: I, form: Form[I]) -> bytes:
        encoded = self._encoded.get((form, kind))
        if encoded is None:
            encoded = self._encoded[form, kind] = form.change(kind, item, self.revision)
        return encoded
