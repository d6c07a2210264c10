"""How `get` shows objects: in tables, or as documents."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from peapod.common.kinds import Kind
from peapod_cli.columns import COLUMNS
from peapod_cli.console import Console
from peapod_cli.table import Row, Table

if TYPE_CHECKING:
    from peapod.codec.version import Version


class Printer(Protocol):
    """Shows objects of a kind as they come; for a kind that was shown before, more of the same."""

    def show(self, kind: Kind, items: Sequence[Any]) -> None:
        """Print some objects."""
        ...

    def show_change(self, kind: Kind, item: Any, *, gone: bool) -> None:
        """Print an object that was changed, or that is `gone`: deleted, or no longer what is asked for."""
        ...


class TablePrinter:
    """One table for each kind, its heads printed once."""

    def __init__(self, console: Console, *, wide: bool, heads: bool) -> None:
        self._console = console
        self._wide = wide
        self._heads = heads
        self._tables: dict[Kind, Table] = {}

    def show(self, kind: Kind, items: Sequence[Any]) -> None:
        """Print rows under those before."""
        self._print(kind, COLUMNS[kind].of(items, wide=self._wide, now=time.time(), heads=self._begins(kind)))

    def show_change(self, kind: Kind, item: Any, *, gone: bool) -> None:
        """Print the row of an object, marked when it is gone."""
        if not gone:
            self.show(kind, [item])
            return
        columns = COLUMNS[kind]
        heads = columns.of([], wide=self._wide, now=0, heads=self._begins(kind))
        self._print(kind, [*heads, *columns.gone(item, wide=self._wide, now=time.time())])

    def _begins(self, kind: Kind) -> bool:
        return self._heads and kind not in self._tables

    def _print(self, kind: Kind, rows: Sequence[Row]) -> None:
        if self._tables and kind not in self._tables:
            self._console.line("")
        for line in self._tables.setdefault(kind, Table()).lines(rows):
            self._console.line(line)


class DocumentPrinter:
    """One document for each object, as a version of the API has it."""

    def __init__(self, version: Version, write: Callable[[dict[str, Any]], None]) -> None:
        self._version = version
        self._write = write

    def show(self, kind: Kind, items: Sequence[Any]) -> None:
        """Print a document for each object."""
        for item in items:
            self._write(self._version.encode(item))

    def show_change(self, kind: Kind, item: Any, *, gone: bool) -> None:
        """Print the document of an object; the last one of an object that is gone."""
        self.show(kind, [item])

    def show_list(self, items: Sequence[Any]) -> None:
        """Print one document for all the objects."""
        self._write(self._version.encode_mixed(items))
