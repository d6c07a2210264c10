"""What a benchmark says: ratios, and bounds that they are held against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One measure; `at_least` and `at_most` are the project's aims, and None where there is none."""

    what: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    def __str__(self) -> str:
        return f"{self.what:58} {self.value:12,.2f} {self.unit:10} {self._aim()}".rstrip()

    def _aim(self) -> str:
        if self.at_least is not None:
            return f"aim >= {self.at_least:,}  {'ok' if self.value >= self.at_least else 'MISSED'}"
        if self.at_most is not None:
            return f"aim <= {self.at_most:,}  {'ok' if self.value <= self.at_most else 'MISSED'}"
        return ""
