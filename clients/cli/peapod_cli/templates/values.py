"""What a template makes of the values of a document: whether they hold, what is in them, how they are shown.

What is not there is None, as null is.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

NOTHING = "<no value>"
_NULL = "<nil>"
_MOST_PLAIN = 6
"""Below which power of ten a number with a point is written without an exponent."""


class Unfit(Exception):
    """A value that cannot be used so; says why in one clause."""


def kind(value: Any) -> str:
    """Say what a value is, for people."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "a number"


def holds(value: Any) -> bool:
    """Tell whether `if` takes a value for true: everything but false, 0, and what is empty or not there."""
    return bool(value)


def field(value: Any, name: str) -> Any:
    """Look up a field; None where an object has none of that name, and of what is not there."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Unfit(f".{name} asks for a field of {kind(value)}")
    return value.get(name)


def item(value: Any, index: Any) -> Any:
    """Look up an item of a list by its number, or of an object by its key."""
    if isinstance(value, dict):
        if not isinstance(index, str):
            raise Unfit(f"the key of an object is text, not {kind(index)}")
        return value.get(index)
    if not isinstance(value, list | str):
        raise Unfit(f"{kind(value)} has no items")
    if not isinstance(index, int) or isinstance(index, bool):
        raise Unfit(f"the index of {kind(value)} is a number without a point, not {kind(index)}")
    if not 0 <= index < len(value):
        raise Unfit(f"there is no item {index} of {len(value)}")
    return value[index] if isinstance(value, list) else ord(value[index])


def items(value: Any) -> Iterable[tuple[Any, Any]]:
    """List what `range` goes through: numbers and items of a list, keys in their order and values of an object."""
    if value is None:
        return []
    if isinstance(value, dict):
        return sorted(value.items())
    if isinstance(value, list):
        return enumerate(value)
    raise Unfit(f"range goes through lists and objects, not {kind(value)}")


def shown(value: Any) -> str:
    """Write a value as Go would."""
    return NOTHING if value is None else _inside(value)


def _inside(value: Any) -> str:
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, list):
        return f"[{' '.join(map(_inside, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_inside(value[key])}' for key in sorted(value))}]"
    return str(value)


def _float(value: float) -> str:
    """Write the shortest digits that mean the number; with an exponent when there would be very many."""
    number = Decimal(repr(value))
    if not number.is_finite():
        return {"Infinity": "+Inf", "-Infinity": "-Inf"}.get(str(number), "NaN")
    exponent = number.adjusted()
    if number and not -5 < exponent < _MOST_PLAIN:
        digits = f"{number.normalize():e}".partition("e")[0]
        return f"{digits}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    return f"{number.normalize():f}"
