"""`printf` of templates: Go's verbs for text, numbers and truth values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from peapod_cli.templates.values import Unfit, kind, shown

_VERB = re.compile(r"%([-+ #0]*)(\*|[0-9]+)?(?:\.([0-9]*))?(.|$)", re.DOTALL)
_WIDEST = 1000
"""How wide a value may be set, so that a slip of the hand does not fill the memory."""


def printf(form: Any, /, *values: Any) -> str:
    """Fill values into a form, each verb of which takes one; all must be taken."""
    if not isinstance(form, str):
        raise Unfit(f"the first value of printf is text, not {kind(form)}")
    left = iter(values)
    text = _VERB.sub(lambda verb: _filled(verb, left), form)
    if beyond := list(left):
        raise Unfit(f"printf has no verb for {len(beyond)} of its values")
    return text


def _filled(verb: re.Match[str], left: Iterator[Any]) -> str:
    flags, width, precision, letter = verb.groups()
    if letter == "%":
        return "%"
    wide = _taken(verb, left) if width == "*" else int(width or 0)
    if not isinstance(wide, int) or abs(wide) > _WIDEST or int(precision or 0) > _WIDEST:
        raise Unfit(f"{verb[0]} is wider than {_WIDEST}")
    text = _formatted(verb[0], letter, flags, precision, _taken(verb, left))
    if "-" in flags or wide < 0:
        return text.ljust(abs(wide))
    return text.zfill(wide) if "0" in flags and letter in "dfFeEgGxXob" else text.rjust(wide)


def _taken(verb: re.Match[str], left: Iterator[Any]) -> Any:
    for value in left:
        return value
    raise Unfit(f"printf has no value for {verb[0]}")


def _formatted(verb: str, letter: str, flags: str, precision: str | None, value: Any) -> str:
    if letter == "v":
        return shown(value)
    if letter in ("s", "q"):
        text = value if isinstance(value, str) else shown(value)
        text = text if precision is None else text[: int(precision or 0)]
        return json.dumps(text, ensure_ascii=False) if letter == "q" else text
    if letter == "t" and isinstance(value, bool):
        return shown(value)
    if letter in ("x", "X") and isinstance(value, str):
        digits = value.encode().hex()
        return digits.upper() if letter == "X" else digits
    if letter and letter in "fFeEgG" and _is_number(value):
        return _float(letter, flags, precision, value)
    if letter and letter in "dxXobc" and _is_number(value) and value == int(value):
        return _whole(letter, flags, int(value))
    if not letter or letter not in "tdxXobcfFeEgG":
        raise Unfit(f"printf has no verb {verb}")
    raise Unfit(f"{verb} cannot show {kind(value)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _float(letter: str, flags: str, precision: str | None, value: float) -> str:
    if letter in "gG" and precision is None:
        text = shown(float(value))
        text = text.upper() if letter == "G" else text
        return f"+{text}" if "+" in flags and value >= 0 else text
    sign = "+" if "+" in flags else ""
    return format(value, f"{sign}.{6 if precision is None else int(precision or 0)}{letter}")


def _whole(letter: str, flags: str, value: int) -> str:
    if letter == "c":
        try:
            return chr(value)
        except (ValueError, OverflowError):
            raise Unfit(f"{value} is no character") from None
    return format(value, f"{'+' if '+' in flags else ''}{letter}")
