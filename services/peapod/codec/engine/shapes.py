"""The shapes of single values: plain ones, objects, and keys behind which there is nothing to keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report
from peapod.codec.engine.table import Field, Reader, Schema, Shape, Table, Writer, kind_of

STRING = Schema("string")
ANY = Schema("any")


def text(value: object) -> str:
    """Take text that a message can hold; raise ValueError for anything else."""
    if not isinstance(value, str):
        hint = " (put it in quotes)" if isinstance(value, bool | int | float) else ""
        raise ValueError(f"must be text, not {kind_of(value)}{hint}")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("must be Unicode text; half of a surrogate pair is not")
    return value


def same(value: Any) -> Any:
    """Write a value as it is."""
    return value


@dataclass(frozen=True)
class Scalar(Shape):
    """A value that is no message; `take` raises ValueError with a clause that says what is wrong."""

    take: Callable[[Any], Any]
    give: Callable[[Any], Any] = same
    empty: Any = None
    written: Schema = STRING

    @property
    def schema(self) -> Schema:
        """As it was given."""
        return self.written

    def reader(self, place: Place) -> Reader:
        """Set the field to what `take` makes; a default is left unset, so that nothing empty comes into being."""
        take, owner_of, name, tells_presence = self.take, place.made_owner_of, place.name, place.tells_presence

        def read(value: Any, message: Any, _: Report) -> None:
            taken = take(value)
            if taken or tells_presence:
                setattr(owner_of(message), name, taken)

        return read

    def writer(self, place: Place) -> Writer:
        """Make of the field what `give` says."""
        give, owner_of, value_of, name = self.give, place.owner_of, place.value_of, place.name
        if place.tells_presence:
            return lambda message: give(value_of(message)) if owner_of(message).HasField(name) else None
        if give is same:
            return lambda message: value_of(message) or None
        return lambda message: give(value) if (value := value_of(message)) else None

    def full_writer(self, place: Place) -> Writer:
        """Take a value that is written as it is from its place, where nothing is the same nothing in both."""
        plain = self.give is same and self.empty is not None and not place.tells_presence
        return place.value_of if plain else super().full_writer(place)


@dataclass(frozen=True)
class Object(Shape):
    """An object with a table of its own.

    A `pointer` is there or not even when it has nothing inside; any other object is absent when it is empty.
    """

    table: Table
    pointer: bool = False
    rest: str = ""
    """The key that takes the plain values of keys which are not in the table."""

    @property
    def empty(self) -> Any:
        """Null for a pointer, an empty object for another."""
        return None if self.pointer else {}

    @property
    def schema(self) -> Schema:
        """An object of the table."""
        return Schema("object", table=self.table)

    @property
    def inside(self) -> Sequence[Field]:
        """The object's own fields."""
        return self.table.fields

    def revised(self, tables: Mapping[str, Table]) -> Shape:
        """Look for other tables here and below."""
        return replace(self, table=self.table.revised(tables))

    def reader(self, place: Place) -> Reader:
        """Read the object; of several pointers that exclude each other the first is kept and the next reported."""
        table, value_of, claim = self.table, place.made_value_of, _claim(place) if self.pointer else _free

        def read(value: Any, message: Any, report: Report) -> None:
            if claim(message, report):
                table.read(self._gather(value) if self.rest else value, value_of(message), report)

        return read

    def writer(self, place: Place) -> Writer:
        """Write the object; None when it is absent."""
        write, owner_of, value_of, name = self.table.writer(place.type), place.owner_of, place.value_of, place.name
        if self.pointer:
            return lambda message: write(value_of(message)) if owner_of(message).HasField(name) else None
        return lambda message: write(value_of(message)) or None

    def full_writer(self, place: Place) -> Writer:
        """Write the object also when it is empty; a pointer only when it is there."""
        if self.pointer:
            return self.writer(place)
        write, value_of = self.table.writer(place.type), place.value_of
        return lambda message: write(value_of(message))

    def _gather(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = {spelling for field in self.table for spelling in field.spellings}
        loose = {
            key: item
            for key, item in value.items()
            if str(key).lower() not in known and isinstance(item, int | float | str)
        }
        if not loose or any(str(key).lower() == self.rest for key in value):
            return value
        return {self.rest: loose} | {key: item for key, item in value.items() if key not in loose}


def _free(message: Any, report: Report) -> bool:
    return True


def _claim(place: Place) -> Callable[[Any, Report], bool]:
    choice = place.field.containing_oneof if place.field else None
    owner_of, value_of = place.made_owner_of, place.made_value_of

    def claim(message: Any, report: Report) -> bool:
        if choice and owner_of(message).WhichOneof(choice.name):
            report.problem(f"must not be given, because {report.path().rpartition('.')[0]} holds another already")
            return False
        value_of(message).SetInParent()
        return True

    return claim


def take_any(value: Any, message: Any, report: Report) -> None:
    """Read any value, and keep nothing of it."""


@dataclass(frozen=True)
class Constant(Shape):
    """A key that is written as `make` says (None: not at all), and read without being looked at."""

    make: Callable[[], Any] = lambda: None
    written: Schema = STRING

    @property
    def schema(self) -> Schema:
        """As it was given."""
        return self.written

    def reader(self, place: Place) -> Reader:
        """Take any value."""
        return take_any

    def writer(self, place: Place) -> Writer:
        """Write the constant, made anew each time, so that the caller may change it."""
        make = self.make
        return lambda _: make()


@dataclass(frozen=True)
class Shown(Shape):
    """A value that is written here and read elsewhere; what a document says of it here is not looked at."""

    shape: Shape

    @property
    def empty(self) -> Any:
        """As of the shape."""
        return self.shape.empty

    @property
    def schema(self) -> Schema:
        """As of the shape."""
        return self.shape.schema

    def reader(self, place: Place) -> Reader:
        """Take any value."""
        return take_any

    def writer(self, place: Place) -> Writer:
        """Write the value."""
        return self.shape.writer(place)
