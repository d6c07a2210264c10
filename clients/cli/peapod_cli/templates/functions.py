"""The functions that templates may call."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from peapod_cli.templates.printing import printf
from peapod_cli.templates.values import Unfit, holds, item, kind, shown


def _and(*values: Any) -> Any:
    """Take the first that does not hold, else the last."""
    return next((value for value in values if not holds(value)), values[-1] if values else None)


def _or(*values: Any) -> Any:
    """Take the first that holds, else the last."""
    return next((value for value in values if holds(value)), values[-1] if values else None)


def _not(value: Any, /) -> bool:
    return not holds(value)


def _len(value: Any, /) -> int:
    if not isinstance(value, str | list | dict):
        raise Unfit(f"{kind(value)} has no length")
    return len(value.encode()) if isinstance(value, str) else len(value)


def _index(value: Any, /, *indices: Any) -> Any:
    for index in indices:
        value = item(value, index)
    return value


def _exists(value: Any, /, *indices: Any) -> bool:
    """Tell whether `index` would find something."""
    try:
        return _index(value, *indices) is not None
    except Unfit:
        return False


def _print(*values: Any) -> str:
    """Write values one behind the other, with a blank between two of which none is text."""
    parts: list[str] = []
    for before, value in zip((None, *values), values, strict=False):
        between = " " if parts and not isinstance(before, str) and not isinstance(value, str) else ""
        parts.append(between + shown(value))
    return "".join(parts)


def _println(*values: Any) -> str:
    return " ".join(map(shown, values)) + "\n"


def _eq(first: Any, /, *others: Any) -> bool:
    """Tell whether the first equals any of the others."""
    if not others:
        raise Unfit("eq compares two values or more")
    return any(_same(first, other) for other in others)


def _ne(one: Any, other: Any, /) -> bool:
    return not _same(one, other)


def _same(one: Any, other: Any) -> bool:
    _check_plain(one, other)
    if one is None or other is None:
        return one is other
    if kind(one) != kind(other):
        raise Unfit(f"{kind(one)} cannot be compared with {kind(other)}")
    return bool(one == other)


def _check_plain(*values: Any) -> None:
    for value in values:
        if isinstance(value, list | dict):
            raise Unfit(f"{kind(value)} cannot be compared")


def _ordered(holds_for: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(one: Any, other: Any, /) -> bool:
        if kind(one) != kind(other) or kind(one) not in ("a number", "text"):
            raise Unfit(f"{kind(one)} and {kind(other)} have no order")
        return holds_for(one, other)

    return compare


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "and": _and,
    "or": _or,
    "not": _not,
    "len": _len,
    "index": _index,
    "exists": _exists,
    "print": _print,
    "printf": printf,
    "println": _println,
    "eq": _eq,
    "ne": _ne,
    "lt": _ordered(operator.lt),
    "le": _ordered(operator.le),
    "gt": _ordered(operator.gt),
    "ge": _ordered(operator.ge),
}
