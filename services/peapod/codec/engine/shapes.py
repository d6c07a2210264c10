"""The engine under the tables: how a field of a JSON object becomes a field of a message, and back.

A table is a tuple of `Field`s. A field names a key of the JSON object, the path of the proto field behind it,
relative to the message that the object stands for, and the `Shape` of the value. Everything else follows from
that: reading, writing, and saying a proto path in the words of the version.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from google.protobuf.message import Message

from peapod.common.errors import Violation


@dataclass(frozen=True, slots=True)
class Report:
    """Collects what is wrong with a document; `path` is the place that is being read."""

    path: str = ""
    problems: list[Violation] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def at(self, name: str) -> Report:
        """Go down into a key of an object."""
        return Report(f"{self.path}.{name}" if self.path else name, self.problems, self.unknown)

    def item(self, subscript: object) -> Report:
        """Go down into an item of a list, or an entry of a map."""
        return Report(f"{self.path}[{subscript}]", self.problems, self.unknown)

    def problem(self, description: str) -> None:
        """Say that the value at this place is wrong."""
        self.problems.append(Violation(self.path, description))


class Slot(NamedTuple):
    """A place in a message: one of its fields, or with an empty name the message itself."""

    owner: Message
    name: str

    @property
    def value(self) -> Any:
        """The field's value; reading a message that is not set does not set it."""
        return getattr(self.owner, self.name) if self.name else self.owner

    @property
    def given(self) -> bool:
        """Whether there is anything to write."""
        if not self.name:
            return True
        if self.owner.DESCRIPTOR.fields_by_name[self.name].has_presence:
            return self.owner.HasField(self.name)
        return bool(self.value)

    def put(self, value: object) -> None:
        """Set a field that is not a message. A default is left unset, so that nothing empty comes into being."""
        if value or self.owner.DESCRIPTOR.fields_by_name[self.name].has_presence:
            setattr(self.owner, self.name, value)


class Shape(ABC):
    """One form of JSON value. `empty` is what stands for nothing in a field that is always written."""

    empty: Any = None

    @abstractmethod
    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Set the slot from a JSON value that is not null, or report why not."""

    @abstractmethod
    def write(self, slot: Slot) -> Any:
        """Make the JSON value; None when there is nothing to say."""

    @property
    def fields(self) -> Sequence[Field]:
        """The table of the objects inside, if any."""
        return ()


@dataclass(frozen=True)
class Field:
    """One key of an object, written in exactly this case and read in any."""

    name: str
    proto: str
    shape: Shape
    aliases: Sequence[str] = ()
    """Read as well, when the key itself is missing or empty."""
    twin: str = ""
    """An alias that is written beside the key."""
    always: bool = False
    """Written even when there is nothing to say."""

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """All keys that are read, in lower case."""
        return tuple(name.lower() for name in (self.name, self.twin, *self.aliases) if name)

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The proto path, split."""
        return tuple(self.proto.split(".")) if self.proto else ()

    def slot(self, message: Message) -> Slot:
        """Find the field's place in the message; nothing on the way is set."""
        if not self.steps:
            return Slot(message, "")
        for step in self.steps[:-1]:
            message = getattr(message, step)
        return Slot(message, self.steps[-1])


def read_object(fields: Sequence[Field], document: Any, message: Message, report: Report) -> None:
    """Read a JSON object into a message by its table. A key that no field claims is reported as unknown."""
    if not isinstance(document, dict):
        report.problem(f"must be an object, not {kind_of(document)}")
        return
    keys = _fold(document, report)
    for entry in fields:
        given = [keys.pop(spelling)[1] for spelling in entry.spellings if spelling in keys]
        values = [value for value in given if value is not None and value != ""] or [""] * ("" in given)
        if len(values) > 1 and not entry.twin:
            report.at(entry.name).problem(f"is given twice, as {' and '.join(entry.aliases)} too")
        if values:
            entry.shape.read(values[0], entry.slot(message), report.at(entry.name))
    report.unknown.extend(report.at(key).path for key, _ in keys.values())


def write_object(fields: Sequence[Field], message: Message) -> dict[str, Any]:
    """Write a message as a JSON object by its table, in the table's order."""
    document: dict[str, Any] = {}
    for entry in fields:
        value = entry.shape.write(entry.slot(message))
        if value is None and not entry.always:
            continue
        document[entry.name] = copy(entry.shape.empty) if value is None else value
        if entry.twin:
            document[entry.twin] = document[entry.name]
    return document


def kind_of(value: object) -> str:
    """Say what a JSON value is, for people."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def text(value: object) -> str:
    """Take text that a message can hold; raise ValueError for anything else."""
    if not isinstance(value, str):
        hint = " (put it in quotes)" if isinstance(value, bool | int | float) else ""
        raise ValueError(f"must be text, not {kind_of(value)}{hint}")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("must be Unicode text; half of a surrogate pair is not")
    return value


def _fold(document: Mapping[Any, Any], report: Report) -> dict[str, tuple[str, Any]]:
    keys: dict[str, tuple[str, Any]] = {}
    for key, value in document.items():
        if not isinstance(key, str):
            report.problem(f"has the key {key!r}, which must be text")
        elif key.lower() in keys:
            report.at(key).problem(f"is given twice, as {keys[key.lower()][0]} too")
        else:
            keys[key.lower()] = (key, value)
    return keys


@dataclass(frozen=True)
class Scalar(Shape):
    """A value that is no message; `take` raises ValueError with a clause that says what is wrong."""

    take: Callable[[Any], Any]
    give: Callable[[Any], Any]
    empty: Any = None

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Set the field to what `take` makes of the value."""
        try:
            slot.put(self.take(value))
        except ValueError as wrong:
            report.problem(str(wrong))

    def write(self, slot: Slot) -> Any:
        """Make of the field what `give` says."""
        return self.give(slot.value) if slot.given else None


@dataclass(frozen=True)
class Object(Shape):
    """An object with a table of its own.

    A `pointer` is there or not even when it has nothing inside; any other object is absent when it is empty.
    """

    table: Sequence[Field]
    pointer: bool = False
    rest: str = ""
    """The key that takes the plain values of keys which are not in the table."""

    @property
    def empty(self) -> Any:
        """Null for a pointer, an empty object for another."""
        return None if self.pointer else {}

    @property
    def fields(self) -> Sequence[Field]:
        """The object's own table."""
        return self.table

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Read the object; of several pointers that exclude each other the first is kept and the next reported."""
        if self.pointer and not _claim(slot, report):
            return
        if self.rest and isinstance(value, dict):
            value = self._gather(value)
        read_object(self.table, value, slot.value, report)

    def write(self, slot: Slot) -> Any:
        """Write the object; None when it is absent."""
        if self.pointer:
            return write_object(self.table, slot.value) if slot.given else None
        return write_object(self.table, slot.value) or None

    def _gather(self, value: dict[str, Any]) -> dict[str, Any]:
        known = {spelling for entry in self.table for spelling in entry.spellings}
        loose = {
            key: item for key, item in value.items() if key.lower() not in known and isinstance(item, int | float | str)
        }
        if not loose or any(key.lower() == self.rest for key in value):
            return value
        return {self.rest: loose} | {key: item for key, item in value.items() if key not in loose}


def _claim(slot: Slot, report: Report) -> bool:
    choice = slot.owner.DESCRIPTOR.fields_by_name[slot.name].containing_oneof
    taken = slot.owner.WhichOneof(choice.name) if choice else None
    if taken:
        report.problem(f"must not be given, because {report.path.rpartition('.')[0]} holds another already")
        return False
    slot.value.SetInParent()
    return True


@dataclass(frozen=True)
class Objects(Shape):
    """A list of objects."""

    table: Sequence[Field]

    @property
    def fields(self) -> Sequence[Field]:
        """The table of every item."""
        return self.table

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Append an item for each of the list, also for a wrong one, so that places keep their numbers."""
        if not isinstance(value, list):
            report.problem(f"must be a list, not {kind_of(value)}")
            return
        for index, item in enumerate(value):
            read_object(self.table, item, slot.value.add(), report.item(index))

    def write(self, slot: Slot) -> Any:
        """Write the items in order."""
        return [write_object(self.table, item) for item in slot.value] or None


@dataclass(frozen=True)
class Keyed(Shape):
    """A map of objects that is a list of messages in the contract, each with its key in the field `key`."""

    table: Sequence[Field]
    key: str

    @property
    def fields(self) -> Sequence[Field]:
        """The table of every value."""
        return self.table

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Append an item for each entry, in the order written."""
        if not isinstance(value, dict):
            report.problem(f"must be an object, not {kind_of(value)}")
            return
        for key, item in value.items():
            try:
                message = slot.value.add(**{self.key: text(key)})
            except ValueError as wrong:
                report.problem(f"has a key that {wrong}")
            else:
                read_object(self.table, item, message, report.item(key))

    def write(self, slot: Slot) -> Any:
        """Write an entry for each item."""
        return {getattr(item, self.key): write_object(self.table, item) for item in slot.value} or None


@dataclass(frozen=True)
class Values(Shape):
    """A list of plain values."""

    scalar: Scalar

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Append every item that is right."""
        if not isinstance(value, list):
            report.problem(f"must be a list, not {kind_of(value)}")
            return
        for index, item in enumerate(value):
            try:
                slot.value.append(self.scalar.take(item))
            except ValueError as wrong:
                report.item(index).problem(str(wrong))

    def write(self, slot: Slot) -> Any:
        """Write the items in order."""
        return [self.scalar.give(item) for item in slot.value] or None


@dataclass(frozen=True)
class Entries(Shape):
    """A map from text to plain values; `take` and `give` see the key too. Written in the order of the keys."""

    take: Callable[[str, Any], Any]
    give: Callable[[str, Any], Any]
    empty: Any = None

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Set every entry that is right."""
        if not isinstance(value, dict):
            report.problem(f"must be an object, not {kind_of(value)}")
            return
        for key, item in value.items():
            try:
                slot.value[text(key)] = self.take(key, item)
            except ValueError as wrong:
                report.item(key).problem(str(wrong))

    def write(self, slot: Slot) -> Any:
        """Write the entries by key."""
        return {key: self.give(key, slot.value[key]) for key in sorted(slot.value)} or None


@dataclass(frozen=True)
class Constant(Shape):
    """A key that is written as it stands here (None: not at all), and read without being looked at."""

    value: Any = None

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Take any value."""

    def write(self, slot: Slot) -> Any:
        """Write the constant, in a copy that the caller may change."""
        return deepcopy(self.value)


@dataclass(frozen=True)
class Shown(Shape):
    """A value that is written here and read elsewhere; what a document says of it here is not looked at."""

    shape: Shape

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Take any value."""

    def write(self, slot: Slot) -> Any:
        """Write the value."""
        return self.shape.write(slot)
