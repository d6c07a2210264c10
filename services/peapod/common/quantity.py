"""Amounts of resources as people write them: `250m`, `1.5Gi`, `2e3`.

A quantity has at most three decimals, finer ones are rounded up (away from zero), and its magnitude is at most
2**63 - 1, beyond which it is cut to that.
"""

from __future__ import annotations

import decimal
import re
from decimal import Decimal

MOST = 2**63 - 1

# Rounding up twice, first to forty digits and then to three decimals, is the same as once: the grids nest.
_CONTEXT = decimal.Context(prec=40, rounding=decimal.ROUND_UP, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX, traps=[])
_FINEST = Decimal("0.001")
_SYNTAX = re.compile(
    r"(?P<digits>[+-]?([0-9]+\.?[0-9]*|\.[0-9]+))((?P<exponent>[eE][+-]?[0-9]+)|(?P<suffix>[KMGTPE]i|[mkMGTPE])?)"
)
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {-3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_EXPONENT = {power: f"e{power}" if power else "" for power in _DECIMAL}
_FACTORS = {name: Decimal(1024) ** power for power, name in enumerate(_BINARY)} | {
    name: Decimal(10) ** power for power, name in _DECIMAL.items()
}


def parse(text: str) -> Decimal:
    """Read a quantity; raises ValueError, which says in one clause what is wrong."""
    return _value(_match(text))


def canonical(text: str) -> str:
    """Write a quantity with an integer before the largest suffix that loses nothing, in the family of its suffix.

    `1.5` is `1500m` and `1.5Gi` is `1536Mi`. Below 1024 or with decimals, a binary quantity is written as a
    decimal one. Raises ValueError as `parse` does.
    """
    match = _match(text)
    value = _value(match)
    if match["exponent"]:
        return _decimal(value, _EXPONENT)
    if (match["suffix"] or "").endswith("i") and abs(value) >= 1024 and value == int(value):
        return _binary(int(value))
    return _decimal(value, _DECIMAL)


def milli(text: str) -> int:
    """Read a quantity in thousandths, at most 2**63 - 1 of them; raises ValueError as `parse` does."""
    thousandths = int(parse(text) * 1000)
    return max(-MOST, min(MOST, thousandths))


def whole(text: str) -> int:
    """Read a quantity in whole units, rounded up; raises ValueError as `parse` does."""
    return int(parse(text).to_integral_value(decimal.ROUND_UP))


def _match(text: str) -> re.Match[str]:
    match = _SYNTAX.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:64]!r} is not a quantity such as 2, 250m, 1.5Gi or 1e3")
    return match


def _value(match: re.Match[str]) -> Decimal:
    number = _CONTEXT.create_decimal(match["digits"] + (match["exponent"] or ""))
    number = _CONTEXT.multiply(number, _FACTORS[match["suffix"] or ""])
    if abs(number) >= MOST:
        return Decimal(MOST).copy_sign(number)
    return number.quantize(_FINEST, context=_CONTEXT)


def _decimal(value: Decimal, suffixes: dict[int, str]) -> str:
    thousandths, power = int(value * 1000), -3
    if thousandths == 0:
        return "0"
    while power < 18 and thousandths % 1000 == 0:
        thousandths, power = thousandths // 1000, power + 3
    return f"{thousandths}{suffixes[power]}"


def _binary(value: int) -> str:
    power = 0
    while power < len(_BINARY) - 1 and value % 1024 == 0:
        value, power = value // 1024, power + 1
    return f"{value}{_BINARY[power]}"
