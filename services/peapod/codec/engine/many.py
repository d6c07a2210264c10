"""The shapes of several values: lists and maps, of objects and of plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report
from peapod.codec.engine.shapes import ANY, Scalar, same, text
from peapod.codec.engine.table import Field, Reader, Schema, Shape, Table, Writer, kind_of


@dataclass(frozen=True)
class Objects(Shape):
    """A list of objects."""

    table: Table

    @property
    def schema(self) -> Schema:
        """A list of objects of the table."""
        return Schema("array", items=Schema("object", table=self.table))

    @property
    def inside(self) -> Sequence[Field]:
        """The fields of every item."""
        return self.table.fields

    def revised(self, tables: Mapping[str, Table]) -> Shape:
        """Look for other tables here and below."""
        return replace(self, table=self.table.revised(tables))

    def reader(self, place: Place) -> Reader:
        """Append an item for each of the list, also for a wrong one, so that places keep their numbers."""
        table, items_of = self.table, place.made_value_of

        def read(value: Any, message: Any, report: Report) -> None:
            items = items_of(message)
            for index, item in enumerate(_list(value)):
                report.steps.append(index)
                table.read(item, items.add(), report)
                report.steps.pop()

        return read

    def writer(self, place: Place) -> Writer:
        """Write the items in order."""
        write, items_of = self.table.writer(place.type), place.value_of
        return lambda message: [write(item) for item in items_of(message)] or None


@dataclass(frozen=True)
class Keyed(Shape):
    """A map of objects that is a list of messages in the contract, each with its key in the field `key`."""

    table: Table
    key: str

    @property
    def schema(self) -> Schema:
        """An object whose keys are anything."""
        return ANY

    @property
    def inside(self) -> Sequence[Field]:
        """The fields of every value."""
        return self.table.fields

    def revised(self, tables: Mapping[str, Table]) -> Shape:
        """Look for other tables here and below."""
        return replace(self, table=self.table.revised(tables))

    def reader(self, place: Place) -> Reader:
        """Append an item for each entry, in the order written."""
        table, items_of = self.table, place.made_value_of

        def read(value: Any, message: Any, report: Report) -> None:
            items = items_of(message)
            for key, item in _dict(value).items():
                try:
                    added = items.add(**{self.key: text(key)})
                except ValueError as wrong:
                    report.problem(f"has a key that {wrong}")
                    continue
                report.steps.append(f"[{key}]")
                table.read(item, added, report)
                report.steps.pop()

        return read

    def writer(self, place: Place) -> Writer:
        """Write an entry for each item."""
        write, items_of, key = self.table.writer(place.type), place.value_of, self.key
        return lambda message: {getattr(item, key): write(item) for item in items_of(message)} or None


@dataclass(frozen=True)
class Values(Shape):
    """A list of plain values."""

    scalar: Scalar

    @property
    def schema(self) -> Schema:
        """A list of what each of them is."""
        return Schema("array", items=self.scalar.schema)

    def reader(self, place: Place) -> Reader:
        """Append every item that is right."""
        take, items_of = self.scalar.take, place.made_value_of

        def read(value: Any, message: Any, report: Report) -> None:
            items = items_of(message)
            for index, item in enumerate(_list(value)):
                try:
                    items.append(take(item))
                except ValueError as wrong:
                    report.refuse(wrong, index)

        return read

    def writer(self, place: Place) -> Writer:
        """Write the items in order."""
        give, items_of = self.scalar.give, place.value_of
        if give is same:
            return lambda message: [*items_of(message)] or None
        return lambda message: [give(item) for item in items_of(message)] or None


@dataclass(frozen=True)
class Entries(Shape):
    """A map from text to plain values; `take` and `give` see the key too. Written in the order of the keys."""

    take: Callable[[str, Any], Any]
    give: Callable[[str, Any], Any]
    empty: Any = None

    @property
    def schema(self) -> Schema:
        """An object whose keys are anything; 2015's own models named a type for it that no validator knew."""
        return ANY

    def reader(self, place: Place) -> Reader:
        """Set every entry that is right."""
        take, entries_of = self.take, place.made_value_of

        def read(value: Any, message: Any, report: Report) -> None:
            entries = entries_of(message)
            for key, item in _dict(value).items():
                try:
                    entries[text(key)] = take(key, item)
                except ValueError as wrong:
                    report.refuse(wrong, f"[{key}]")

        return read

    def writer(self, place: Place) -> Writer:
        """Write the entries by key."""
        give, entries_of = self.give, place.value_of
        return lambda message: (
            {key: give(key, entry) for key, entry in sorted(entries.items())}
            if (entries := entries_of(message))
            else None
        )


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"must be a list, not {kind_of(value)}")
    return value


def _dict(value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"must be an object, not {kind_of(value)}")
    return value
