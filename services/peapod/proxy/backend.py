"""What every way of making portals reachable can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from prometheus_client.core import Metric

from peapod.proxy.portals import Portal


class Backend(Protocol):
    """Makes portals reachable from this node and its pods."""

    @property
    def name(self) -> str:
        """Say which way it is, in one word."""
        ...

    async def apply(self, portals: Sequence[Portal]) -> str:
        """Make these portals, and no others, reachable, and repair what others have undone.

        Returns what it did in one clause, empty when all was as it should be. Connections that are open go on.
        Raises when it cannot; it is called again then.
        """
        ...

    async def close(self) -> None:
        """Let go of what lives in this process."""
        ...

    def figures(self) -> Iterator[Metric]:
        """Tell what Prometheus can ask of it."""
        ...
