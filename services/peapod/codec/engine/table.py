"""Tables: how a JSON object becomes a message, and back.

A table has `Field`s. A field names a key of the JSON object, the path of the proto field behind it, relative to the
message that the object stands for, and the `Shape` of the value. Everything else follows from that: reading, writing,
saying a proto path in the words of the version, and the models of Swagger.

For each type of message a table is turned into functions once; these do all the work after that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report

Reader = Callable[[Any, Any, Report], None]
"""Puts a JSON value that is not null into a message. Raises ValueError with a clause that says what is wrong with the
value; what is wrong inside of it goes into the report."""

Writer = Callable[[Any], Any]
"""Makes the JSON value out of a message; None when there is nothing to say."""


class Schema(NamedTuple):
    """What JSON a shape writes, as Swagger 1.2 says it."""

    type: str
    """string, integer, boolean, array or object; "any" where several are."""
    format: str = ""
    items: Schema | None = None
    table: Table | None = None
    """The table of an object."""


class Shape(ABC):
    """One form of JSON value. `empty` is what stands for nothing in a field that is always written."""

    empty: Any = None

    @abstractmethod
    def reader(self, place: Place) -> Reader:
        """Make the function that reads the value into a place."""

    @abstractmethod
    def writer(self, place: Place) -> Writer:
        """Make the function that writes the value out of a place."""

    def full_writer(self, place: Place) -> Writer:
        """Make the function that writes what stands for nothing, too."""
        write, empty = self.writer(place), self.empty
        if empty is None:
            return write
        return lambda message: copy(empty) if (value := write(message)) is None else value

    @property
    @abstractmethod
    def schema(self) -> Schema:
        """What is written."""

    @property
    def inside(self) -> Sequence[Field]:
        """The fields of the objects inside, if any."""
        return ()

    def revised(self, tables: Mapping[str, Table]) -> Shape:
        """Make the same shape with other tables inside, by their names."""
        return self


@dataclass(frozen=True)
class Field:
    """One key of an object, written in exactly this case and read in any."""

    name: str
    proto: str
    """A path of names; behind that of a list, `[0]` is its first item, which stands for the list."""
    shape: Shape
    aliases: Sequence[str] = ()
    """Read as well, when the key itself is missing or empty."""
    twin: str = ""
    """An alias that is written beside the key."""
    always: bool = False
    """Written even when there is nothing to say."""
    required: bool = False
    """No object is right without it: told to clients, and left to the rules to insist on."""

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """All keys that are read, in lower case."""
        return tuple(name.lower() for name in (self.name, self.twin, *self.aliases) if name)

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The proto path, split."""
        return tuple(self.proto.split(".")) if self.proto else ()

    def writer(self, message: Descriptor) -> Writer:
        """Make the function that writes the key's value, or what stands for nothing where that is to be written."""
        place = Place(message, self.proto)
        return self.shape.full_writer(place) if self.always else self.shape.writer(place)


class Table:
    """The fields of an object in their order, and the name of the object, unique in its version."""

    def __init__(self, name: str, *fields: Field) -> None:
        self.name = name
        self.fields = fields
        self._indices = {spelling: index for index, field in enumerate(fields) for spelling in field.spellings}
        # Keys are mostly written as they are; those are found without being turned into lower case.
        self._known = self._indices | {field.name: index for index, field in enumerate(fields)}
        self._readers: dict[Descriptor, Sequence[tuple[str, Reader]]] = {}
        self._writers: dict[Descriptor, Sequence[tuple[str, Writer, bool]]] = {}

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def revised(self, tables: Mapping[str, Table]) -> Table:
        """Make the same table with other tables inside, by their names; or take the other one for this."""
        fields = (replace(field, shape=field.shape.revised(tables)) for field in self.fields)
        return tables.get(self.name) or type(self)(self.name, *fields)

    def write(self, message: Message) -> dict[str, Any]:
        """Write a message as a JSON object, in the table's order; the object is the caller's to change."""
        of: Any = message.DESCRIPTOR
        return self.writer(of)(message)

    def writer(self, message: Descriptor) -> Callable[[Any], dict[str, Any]]:
        """Make the function that writes messages of a type."""
        writers = self._writers.get(message)
        if writers is None:
            writers = self._writers[message] = [
                (name, write, field.always)
                for field in self.fields
                for write in [field.writer(message)]
                for name in filter(None, (field.name, field.twin))
            ]

        def write_all(message: Any) -> dict[str, Any]:
            document = {}
            for name, write, always in writers:
                value = write(message)
                if value is not None or always:
                    document[name] = value
            return document

        return write_all

    def read(self, document: Any, message: Message, report: Report) -> None:
        """Read a JSON object into a message. A key that no field claims is reported as unknown."""
        if not isinstance(document, dict):
            report.problem(f"must be an object, not {kind_of(document)}")
            return
        of: Any = message.DESCRIPTOR
        readers = self._readers.get(of) or self._make_readers(of)
        found = self._find(document, report)
        steps = report.steps
        # In the table's order: some fields look at what others have read.
        for index in sorted(found):
            value = found[index]
            if value is None:
                continue
            step, read = readers[index]
            steps.append(step)
            try:
                read(value, message, report)
            except ValueError as wrong:
                report.refuse(wrong)
            steps.pop()

    def _make_readers(self, message: Descriptor) -> Sequence[tuple[str, Reader]]:
        readers = [(f".{field.name}", field.shape.reader(Place(message, field.proto))) for field in self.fields]
        self._readers[message] = readers
        return readers

    def _find(self, document: Mapping[Any, Any], report: Report) -> Mapping[int, Any]:
        """Take the values by the numbers of their fields."""
        known = self._known
        found = {known[key]: value for key, value in document.items() if key in known}
        return found if len(found) == len(document) else self._find_anyhow(document, report)

    def _find_anyhow(self, document: Mapping[Any, Any], report: Report) -> Mapping[int, Any]:
        """The same where keys are unknown, spelled in another way or given twice."""
        keys = _fold(document, report)
        found = {}
        for index, field in enumerate(self.fields):
            given = [keys.pop(spelling)[1] for spelling in field.spellings if spelling in keys]
            values = [value for value in given if value is not None and value != ""] or [""] * ("" in given)
            if len(values) > 1 and not field.twin:
                report.problem(f"is given twice, as {' and '.join(field.aliases)} too", f".{field.name}")
            if values:
                found[index] = values[0]
        report.unknown.extend(report.path(f".{key}") for key, _ in keys.values())
        return found


def _fold(document: Mapping[Any, Any], report: Report) -> dict[str, tuple[str, Any]]:
    keys: dict[str, tuple[str, Any]] = {}
    for key, value in document.items():
        if not isinstance(key, str):
            report.problem(f"has the key {key!r}, which must be text")
        elif key.lower() in keys:
            report.problem(f"is given twice, as {keys[key.lower()][0]} too", f".{key}")
        else:
            keys[key.lower()] = (key, value)
    return keys


def kind_of(value: object) -> str:
    """Say what a JSON value is, for people."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def member(document: Any, key: str) -> Any:
    """Return what an object has under a key, in whatever case it is written; None where there is nothing."""
    if not isinstance(document, dict):
        return None
    folded = (value for name, value in document.items() if isinstance(name, str) and name.lower() == key.lower())
    return next(folded, None)
