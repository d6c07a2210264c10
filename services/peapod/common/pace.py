"""How many acts may be done now, when there may be only so many in a second."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """Lets `rate` acts be done in a second in the long run, and at once those of one second, at least one, or `most`.

    It begins with `saved` of these. All times are seconds of one clock that never goes back.
    """

    rate: float
    most: float = 0.0
    saved: float = 1.0
    _at: float | None = field(default=None)

    def take(self, wanted: int, now: float) -> int:
        """Say how many of those that are wanted may be done now; they count as done."""
        gained = 0.0 if self._at is None else (now - self._at) * self.rate
        self._at = now
        self.saved = min(self.saved + gained, self.most or max(self.rate, 1.0))
        granted = min(wanted, int(self.saved))
        self.saved -= granted
        return granted
