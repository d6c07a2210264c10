"""How `describe` and `explain` set their lines: pairs, and tables under a title."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from peapod_cli import words
from peapod_cli.table import Row, Table

Lines = Iterator[str]


def pairs(*pairs: tuple[str, str]) -> Lines:
    """Set names beside what they are; what is nothing is left out."""
    yield from Table().lines([pair for pair in pairs if pair[1]])


def section(title: str, heads: Row, rows: Sequence[Row]) -> Lines:
    """Set a table under its title; nothing when it has no rows."""
    if rows:
        yield title
        yield from ("  " + line for line in Table().lines([heads, *rows]))


def truth(status: int) -> str:
    """Say whether a condition holds."""
    from peapod.v1 import meta_pb2

    return words.plain(status, meta_pb2.ConditionStatus, "CONDITION_STATUS_")
