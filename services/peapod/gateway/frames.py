"""Changes as the frames of a JSON watch: one line for each (v1beta1.md, 4.8)."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson

from peapod.common.watching.form import DELETED
from peapod.gateway.item import Item, View
from peapod.v1.meta_pb2 import EVENT_TYPE_ADDED, EVENT_TYPE_DELETED, EVENT_TYPE_MODIFIED, EventType

_TYPES = {EVENT_TYPE_ADDED: "ADDED", EVENT_TYPE_MODIFIED: "MODIFIED", EVENT_TYPE_DELETED: "DELETED"}
_OPEN = {kind: b'{"type":"%s","object":' % name.encode() for kind, name in _TYPES.items()}
_CLOSE = b"}\n"


class FrameForm:
    """Frames with objects as one view has them. How far they go is in the objects, and told nowhere else."""

    def __init__(self, view: View) -> None:
        self._view = view

    def change(self, kind: EventType, item: Item, revision: int) -> bytes:
        """Write one frame; a deleted object has the version of its deletion."""
        if kind != DELETED or revision == item.revision:
            return _OPEN[kind] + item.compact(self._view) + _CLOSE
        last = type(item.message)()
        last.CopyFrom(item.message)
        last.metadata.resource_version = revision
        return _OPEN[kind] + orjson.dumps(self._view.version.encode(last, self._view.segment)) + _CLOSE

    def position(self, revision: int, store_id: str) -> bytes:
        """Tell nothing: watchers of 2015 do not know bookmarks."""
        return b""


@cache
def form_of(view: View) -> FrameForm:
    """The one form of a view, by which watchers share what is written."""
    return FrameForm(view)


def error(status: dict[str, Any]) -> bytes:
    """Write the frame that says why a watch ends."""
    return orjson.dumps({"type": "ERROR", "object": status}) + b"\n"
