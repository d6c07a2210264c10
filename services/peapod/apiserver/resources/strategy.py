"""What the registry must know of a kind; everything that kinds have in common is in the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Protocol, Self, TypeVar

from google.protobuf.message import Message

from peapod.apiserver.keys import kind_prefix
from peapod.common import names
from peapod.common.errors import Violation
from peapod.common.kinds import Kind
from peapod.common.selectable import fields_of, trigger_of
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


def _no_violations(*_: Any) -> Iterable[Violation]:
    return ()


@dataclass(frozen=True)
class Strategy(Generic[R]):
    """A kind's own rules, all of them pure functions. Paths in violations are proto names from the object's root."""

    of: Kind
    message: type[R]
    name_problem: Callable[[str], str | None] = names.dns_subdomain_problem
    """What is wrong with a name, in one clause, or None."""
    set_defaults: Callable[[R], None] = _nothing
    """Fill in what the user left out, in place, on create and update."""
    begin: Callable[[R], None] = _nothing
    """Give a new object what it starts with, such as its status, in place; whatever a user says of it."""
    keep: Callable[[R, R], None] = field(default=lambda new, old: None)
    """On update, before the defaults: put into `new`, from `old`, what users may not change or need not say again."""
    validate: Callable[[R], Iterable[Violation]] = _no_violations
    """Everything that is wrong with an object, apart from its metadata."""
    validate_new: Callable[[R], Iterable[Violation]] = _no_violations
    """Everything that is wrong with an object only when it is created."""
    validate_update: Callable[[R, R], Iterable[Violation]] = _no_violations
    """Everything immutable that differs between `new` and `old`, apart from the metadata."""
    retired: Callable[[R], R | None] = _nothing
    """What becomes of an object that is to be deleted while others have to finish first; None lets it go at once."""
    unsupported: Callable[[R], Iterable[Violation]] = _no_violations
    """What an object asks for that is right, and that this server cannot do."""

    @property
    def kind(self) -> str:
        """Such as "Pod"; used in messages for people."""
        return self.of.title

    @property
    def plural(self) -> str:
        """Such as "pods"; the kind's part of every key."""
        return self.of.plural

    @property
    def root(self) -> str:
        """What the keys of all objects begin with."""
        return kind_prefix(self.plural)

    @cached_property
    def selectable(self) -> Mapping[str, Callable[[Any], str]]:
        """The fields that field selectors may name."""
        return fields_of(self.of)

    @property
    def trigger(self) -> str:
        """The selectable field by which most watchers select; its watchers cost nothing when others change."""
        return trigger_of(self.of)

    @property
    def namespaced(self) -> bool:
        """Whether the kind lives in namespaces."""
        return self.of.namespaced

    @property
    def listing(self) -> type[Message]:
        """The answer that holds many."""
        return self.of.response("List")

    @property
    def batch(self) -> type[Message]:
        """One message of a watch."""
        return self.of.response("Watch")
