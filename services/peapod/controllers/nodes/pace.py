"""How many acts may be done now, when there may be only so many in a second."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """Lets `rate` acts be done in a second, those of one second at once, and at least one. All times are seconds of one
    clock that never goes back.
    """

    rate: float
    _saved: float = 1.0
    _at: float | None = field(default=None)

    def take(self, wanted: int, now: float) -> int:
        """Say how many of those that are wanted may be done now; they count as done."""
        gained = 0.0 if self._at is None else (now - self._at) * self.rate
        self._at = now
        self._saved = min(self._saved + gained, max(self.rate, 1.0))
        granted = min(wanted, int(self._saved))
        self._saved -= granted
        return granted
