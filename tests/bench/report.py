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

    @property
    def missed(self) -> bool:
        """Whether the measure is on the wrong side of its aim."""
        low = self.at_least is not None and self.value < self.at_least
        high = self.at_most is not None and self.value > self.at_most
        return low or high

    def __str__(self) -> str:
        return f"{self.what:54} {self.value:12,.2f} {self.unit:4} {self._aim()}".rstrip()

    def _aim(self) -> str:
        if self.at_least is None and self.at_most is None:
            return ""
        aim = f">= {self.at_least:,}" if self.at_least is not None else f"<= {self.at_most:,}"
        return f"aim {aim:12} {'MISSED' if self.missed else 'met'}"
