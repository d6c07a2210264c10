"""Where a field's value is, in messages of one type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

FIRST = "[0]"
"""Behind a name of a path, the first item of the list of that name."""

Getter = Callable[[Any], Any]


class Place:
    """A path of proto names from a message of a type to a field, or with an empty path the message itself.

    All that can be known beforehand is looked up once, so that the functions made here do little.
    """

    def __init__(self, root: Descriptor, path: str) -> None:
        *way, self.name = path.split(".")
        """Of the field, in the message that owns it."""
        self.root = root
        self._way = way
        self.owner: Any = root
        """The type of the message that owns the field."""
        for step in way:
            self.owner = self.owner.fields_by_name[step.removesuffix(FIRST)].message_type

    @cached_property
    def field(self) -> FieldDescriptor | None:
        """The field; None for the message itself."""
        return self.owner.fields_by_name[self.name] if self.name else None

    @cached_property
    def type(self) -> Any:
        """The type of the messages at this place."""
        return self.field.message_type if self.field else self.owner

    @property
    def tells_presence(self) -> bool:
        """Whether a message knows if the field was set."""
        return self.field is not None and self.field.has_presence

    @cached_property
    def owner_of(self) -> Getter:
        """Makes the owner out of the root; an empty one where there is none, and nothing comes into being."""
        return _walk(self.root, self._way, _first_or_empty)

    @cached_property
    def made_owner_of(self) -> Getter:
        """Makes the owner out of the root, where there is none a new one, to be written to."""
        return _walk(self.root, self._way, _first_or_new)

    @cached_property
    def value_of(self) -> Getter:
        """Makes the field's value out of the root; nothing comes into being."""
        return self._value(self.owner_of)

    @cached_property
    def made_value_of(self) -> Getter:
        """Makes the field's value out of the root, a message or a collection, to be written to."""
        return self._value(self.made_owner_of)

    def _value(self, owner_of: Getter) -> Getter:
        if not self.name:
            return owner_of
        if not any(step.endswith(FIRST) for step in self._way):
            return attrgetter(".".join([*self._way, self.name]))
        last = attrgetter(self.name)
        return lambda message: last(owner_of(message))


def _walk(root: Any, way: Sequence[str], first_of: Callable[[Descriptor], Getter]) -> Getter:
    if not way:
        return lambda message: message
    firsts = [index for index, step in enumerate(way) if step.endswith(FIRST)]
    if not firsts:
        return attrgetter(".".join(way))
    before, behind = [*way[: firsts[0]], way[firsts[0]].removesuffix(FIRST)], way[firsts[0] + 1 :]
    for step in before:
        root = root.fields_by_name[step].message_type
    items_of, first, rest = attrgetter(".".join(before)), first_of(root), _walk(root, behind, first_of)
    return lambda message: rest(first(items_of(message)))


def _first_or_empty(item: Descriptor) -> Getter:
    empty = GetMessageClass(item)()
    return lambda items: items[0] if items else empty


def _first_or_new(item: Descriptor) -> Getter:
    return lambda items: items[0] if items else items.add()
