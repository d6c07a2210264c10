"""What the registry must know of a kind; everything that kinds have in common is in the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, Self, TypeVar

from google.protobuf.message import Message

from peapod.apiserver.keys import kind_prefix
from peapod.common.errors import Violation
from peapod.v1 import meta_pb2


class Resource(Protocol):
    """A stored message: every kind has metadata."""

    @property
    def metadata(self) -> meta_pb2.ObjectMeta:
        """The object's bookkeeping."""
        ...

    @classmethod
    def FromString(cls, data: bytes) -> Self:
        """Decode a message."""
        ...

    def SerializeToString(self) -> bytes:
        """Encode the message."""
        ...


R = TypeVar("R", bound=Resource)


def _nothing(_: Any) -> None:
    return None


def _no_violations(*_: Any) -> Sequence[Violation]:
    return ()


@dataclass(frozen=True)
class Strategy(Generic[R]):
    """A kind's own rules, all of them pure functions. Paths in violations are proto names from the object's root."""

    kind: str
    """Such as "Pod"; used in messages for people."""
    plural: str
    """Such as "pods"; the kind's part of every key."""
    message: type[R]
    listing: type[Message]
    batch: type[Message]
    namespaced: bool
    selectable: Mapping[str, Callable[[R], str]]
    """The fields that field selectors may name."""
    trigger: str = ""
    """The selectable field by which most watchers select; its watchers cost nothing when others change."""
    set_defaults: Callable[[R], None] = _nothing
    """Fill in what the user left out, in place, on create and update."""
    reset_status: Callable[[R], None] = _nothing
    """Give a new object the status it starts with, in place."""
    keep: Callable[[R, R], None] = field(default=lambda new, old: None)
    """On update, before the defaults: put into `new`, from `old`, what users may not change or need not say again."""
    validate: Callable[[R], Sequence[Violation]] = _no_violations
    """Everything that is wrong with an object, apart from its metadata."""
    validate_new: Callable[[R], Sequence[Violation]] = _no_violations
    """Everything that is wrong with an object only when it is created."""
    validate_update: Callable[[R, R], Sequence[Violation]] = _no_violations
    """Everything immutable that differs between `new` and `old`, apart from the metadata."""

    @property
    def root(self) -> str:
        """What the keys of all objects begin with."""
        return kind_prefix(self.plural)
