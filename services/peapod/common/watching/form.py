"""What a cache holds, and how it is written for watchers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from peapod.v1.meta_pb2 import EVENT_TYPE_ADDED, EVENT_TYPE_DELETED, EVENT_TYPE_MODIFIED, EventType

ADDED = EVENT_TYPE_ADDED
MODIFIED = EVENT_TYPE_MODIFIED
DELETED = EVENT_TYPE_DELETED


class Item(Protocol):
    """One object at one revision, with what selectors read of it. It never changes."""

    @property
    def key(self) -> str:
        """By which the objects of its kind are ordered; begins with the prefix of its namespace."""
        ...

    @property
    def revision(self) -> int:
        """Where the object last changed."""
        ...

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        ...

    @property
    def labels(self) -> Mapping[str, str]:
        """The object's labels."""
        ...

    @property
    def fields(self) -> Mapping[str, str]:
        """The object's selectable fields, each of the kind's."""
        ...


I = TypeVar("I", bound=Item)  # noqa: E741
I_contra = TypeVar("I_contra", bound=Item, contravariant=True)


class Form(Protocol[I_contra]):
    """One way of writing changes; what is written for several changes is joined. Compared by identity."""

    def change(self, kind: EventType, item: I_contra, revision: int) -> bytes:
        """Write one change, as of its revision; of a deletion, the object's last state."""
        ...

    def position(self, revision: int, store_id: str) -> bytes:
        """Write how far what stands before it goes; empty where watchers are not told."""
        ...
