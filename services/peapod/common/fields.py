"""Field selectors: `field=value` (or `==`) and `field!=value`, joined by commas, all of which must hold.

Which fields there are depends on the kind and is judged there. Blanks belong to the values, as in every version.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from peapod.common.errors import Invalid, Violation

_TERM = re.compile(r"(?P<field>[^=!]+)(?P<operator>!=|==|=)(?P<value>[^=]*)")


class FieldTerm(NamedTuple):
    """One condition: the field has the value, or, when negated, does not."""

    field: str
    negated: bool
    value: str

    def __str__(self) -> str:
        return f"{self.field}{'!=' if self.negated else '='}{self.value}"


def parse(text: str) -> tuple[FieldTerm, ...]:
    """Read a selector, in the order it is written; raises `Invalid`, naming `field_selector`."""
    return tuple(_term(part) for part in text.split(",")) if text else ()


def _term(part: str) -> FieldTerm:
    match = _TERM.fullmatch(part)
    if match is None:
        problem = f"{part[:200]!r} is not of the form field=value or field!=value"
        raise Invalid(f"field selector: {problem}", [Violation("field_selector", problem)])
    return FieldTerm(match["field"], match["operator"] == "!=", match["value"])
