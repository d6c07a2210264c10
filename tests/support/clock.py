"""A clock that goes on when a test says so."""

from __future__ import annotations


class Clock:
    """Seconds; `clock()` reads them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
