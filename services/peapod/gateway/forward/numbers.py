"""Numbers in URLs."""

from __future__ import annotations

import re

PORT_MOST = 65535
LINES_MOST = 2**63 - 1

_DIGITS = re.compile(r"[0-9]{1,19}")


def port(text: str) -> int | None:
    """Read a port; None when it is none."""
    number = _whole(text, PORT_MOST)
    return number or None


def lines(text: str) -> int | None:
    """Read a number of lines; None when it is none."""
    return _whole(text, LINES_MOST)


def _whole(text: str, most: int) -> int | None:
    number = int(text) if _DIGITS.fullmatch(text) else most + 1
    return number if number <= most else None
