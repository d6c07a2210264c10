"""The forms in which `get` shows objects."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, Protocol

from peapod.common.kinds import Kind
from peapod_cli.columns import COLUMNS
from peapod_cli.console import Console
from peapod_cli.table import Row, Table


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
        first = kind not in self._tables
        if first and self._tables:
            self._console.line("")
        table = self._tables.setdefault(kind, Table())
        rows = COLUMNS[kind].of(items, wide=self._wide, now=time.time(), heads=first and self._heads)
        self._print(table, rows)

    def show_change(self, kind: Kind, item: Any, *, gone: bool) -> None:
        """Print the row of an object, marked when it is gone."""
        if gone:
            self._print(self._tables[kind], COLUMNS[kind].gone(item, wide=self._wide, now=time.time()))
        else:
            self.show(kind, [item])

    def _print(self, table: Table, rows: Sequence[Row]) -> None:
        for line in table.lines(rows):
            self._console.line(line)


class DocumentPrinter:
    """One document for each object, as v1beta1 has it."""

    def __init__(self, console: Console, form: str) -> None:
        self._console = console
        self._form = form
        self._separate = False

    def show(self, kind: Kind, items: Sequence[Any]) -> None:
        """Print a document for each object."""
        from peapod.codec.versions import V1BETA1

        for item in items:
            self.show_document(V1BETA1.encode(item))

    def show_change(self, kind: Kind, item: Any, *, gone: bool) -> None:
        """Print the document of an object; the last one of an object that is gone."""
        self.show(kind, [item])

    def show_list(self, items: Sequence[Any]) -> None:
        """Print one document for all the objects."""
        from peapod.codec.versions import V1BETA1

        self.show_document(V1BETA1.encode_mixed(items))

    def show_document(self, document: dict[str, Any]) -> None:
        """Print a document; YAML is separated from what came before."""
        if self._form == "json":
            self._console.line(json.dumps(document, indent=4, ensure_ascii=False))
            return
        from peapod_cli.yaml_form import dump

        if self._separate:
            self._console.line("---")
        self._separate = True
        self._console.line(dump(document).rstrip("\n"))
