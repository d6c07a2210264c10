"""What the scheduler can be told."""

from __future__ import annotations

from dataclasses import dataclass

from peapod.common.config import option
from peapod.common.leadership import ElectedConfig


@dataclass(frozen=True)
class SchedulerConfig(ElectedConfig):
    """Give every pod a node."""

    apiserver: str = option("127.0.0.1:7070", "the apiserver's address, or several, separated by commas")
    address: str = option(
        "127.0.0.1:0", "where to explain placements, and to serve health; port 0 takes any that is free"
    )
    batch: int = option(200, "how many pods to decide on and to bind at once, at most 1000")

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not 1 <= self.batch <= 1000:
            raise ValueError("--batch must be 1 to 1000")
