"""One object as the gateway keeps it: its JSON is made when it is first wanted, once per version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from peapod.codec.version import Version
from peapod.gateway.resources import Resource

INDENT = b"    "
"""By how much an item stands in from the edge of its list."""


@dataclass(frozen=True, eq=False)
class View:
    """How somebody wants to see objects: in which version, and by which word of the URL. Compared by identity."""

    version: Version
    segment: str


@cache
def view_of(version: Version, segment: str) -> View:
    """The one view of its kind."""
    return View(version, segment)


class Item:
    """An object at one revision. `message` is shared by all and never changed."""

    __slots__ = ("_compact", "_listed", "_pretty", "fields", "key", "labels", "message", "revision")

    def __init__(self, resource: Resource, message: Any) -> None:
        self.message = message
        self.key = resource.key_of(message)
        self.revision: int = message.metadata.resource_version
        self.labels: Mapping[str, str] = dict(message.metadata.labels)
        self.fields: Mapping[str, str] = {name: read(message) for name, read in resource.selectable.items()}
        self._compact: dict[View, bytes] = {}
        self._pretty: dict[View, bytes] = {}
        self._listed: dict[View, bytes] = {}

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes, its JSON included."""
        return 5 * int(self.message.ByteSize())

    def compact(self, view: View) -> bytes:
        """The whole object in one line, without its end."""
        made = self._compact.get(view)
        if made is None:
            made = self._compact[view] = orjson.dumps(view.version.encode(self.message, view.segment))
        return made

    def pretty(self, view: View) -> bytes:
        """The whole object, indented, with an end of line."""
        made = self._pretty.get(view)
        if made is None:
            document = view.version.encode(self.message, view.segment)
            made = self._pretty[view] = dumps(document)
        return made

    def listed_already(self, view: View) -> bytes | None:
        """What `listed` returns, if that was made before."""
        return self._listed.get(view)

    def listed(self, view: View) -> bytes:
        """The object as an item of a list, indented so far, without its end of line."""
        made = self._listed.get(view)
        if made is None:
            document = view.version.encode_item(self.message, view.segment)
            text = orjson.dumps(document, option=orjson.OPT_INDENT_2)
            made = self._listed[view] = INDENT + text.replace(b"\n", b"\n" + INDENT)
        return made


def dumps(document: Any) -> bytes:
    """Write a body as all bodies are: two blanks deep, and ended by a line end."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
