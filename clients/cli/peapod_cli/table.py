"""Aligned columns, as tab-separated cells were set in 2015: at least ten wide, three blanks between."""

from __future__ import annotations

from collections.abc import Sequence

NARROWEST = 10
GAP = 3

Row = Sequence[str]


class Table:
    """Lines of cells. Columns only ever grow, so that rows which come later stand under those before."""

    def __init__(self) -> None:
        self._widths: list[int] = []

    def lines(self, rows: Sequence[Row]) -> list[str]:
        """Set some rows; a row may have fewer cells than others."""
        for row in rows:
            self._widths += [NARROWEST] * (len(row) - len(self._widths))
            for column, cell in enumerate(row):
                self._widths[column] = max(self._widths[column], len(cell) + GAP)
        return ["".join(cell.ljust(self._widths[column]) for column, cell in enumerate(row)).rstrip() for row in rows]
