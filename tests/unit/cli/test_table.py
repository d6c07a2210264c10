"""Alignment: cells at least ten wide, three blanks between, nothing behind the last."""

from __future__ import annotations

from peapod_cli.table import Table


def test_short_cells_are_ten_wide_and_long_ones_have_three_blanks_behind() -> None:
    assert Table().lines([("POD", "HOST", "STATUS"), ("p", "a-long-host", "Running")]) == [
        "POD       HOST          STATUS",
        "p         a-long-host   Running",
    ]


def test_empty_cells_at_the_end_leave_no_blanks() -> None:
    assert Table().lines([("a", "b", "c"), ("", "d", "")])[1] == "          d"


def test_rows_that_come_later_stand_under_those_before() -> None:
    table = Table()
    [head] = table.lines([("NAME", "STATUS")])
    [row] = table.lines([("a-name-that-is-long", "Ready")])
    [last] = table.lines([("short", "Ready")])
    assert head.index("STATUS") == 10
    assert row.index("Ready") == last.index("Ready") == 22


def test_no_rows_are_no_lines() -> None:
    assert Table().lines([]) == []
