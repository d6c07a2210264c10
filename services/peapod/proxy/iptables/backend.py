"""Keeps the kernel's tables as the portals ask for. They go on working while no proxy runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, Metric

from peapod.proxy.iptables import flows, kernel, restore, rules
from peapod.proxy.iptables.rules import Table
from peapod.proxy.portals import Portal

logger = logging.getLogger(__name__)


class IptablesBackend:
    """See `Backend`. The tables are read at each call, and written only when they are not as they should be."""

    name = "iptables"

    def __init__(self, portal_net: str) -> None:
        self._portal_net = portal_net
        self._written: tuple[Table, ...] | None = None
        self._settled: Sequence[Portal] = ()
        self._ends_flows = kernel.can_end_flows()
        self._writes = 0
        self._repairs = 0

    async def open(self) -> None:
        """Raise `Unavailable` where tables cannot be read, and say what else will not work."""
        await kernel.saved()
        if not kernel.forwards():
            logger.warning("iptables: net.ipv4.ip_forward is off: pods reach no services until it is on")
        if not self._ends_flows:
            words = (
                "iptables: conntrack is not installed: clients that keep sending UDP stay with backends that are gone"
            )
            logger.warning(words)

    async def apply(self, portals: Sequence[Portal]) -> str:
        """See `Backend`."""
        # Whether bridges are heard can change at any moment, as when an engine is started.
        masquerade_all = not kernel.hears_bridges()
        wanted = rules.tables(portals, self._portal_net, masquerade_all=masquerade_all)
        done = await self._write(wanted)
        await self._settle(portals)
        return done

    async def close(self) -> None:
        """Leave all as it is: whoever comes next takes it over, and connections are made meanwhile."""

    def figures(self) -> Iterator[Metric]:
        """See `Backend`."""
        yield CounterMetricFamily("peapod_proxy_table_writes", "Times that tables were written.", value=self._writes)
        yield CounterMetricFamily(
            "peapod_proxy_table_repairs",
            "Times that tables were written as others had changed them.",
            value=self._repairs,
        )

    async def _write(self, wanted: tuple[Table, ...]) -> str:
        saved = await kernel.saved()
        written, holds = self._written, restore.holds(self._written or (), saved)
        if wanted == written and holds:
            return ""
        # Should writing fail in the middle, nobody knows what there is.
        self._written = None
        known = (written or ()) if holds else ()
        if text := restore.restoring(wanted, saved, known):
            await kernel.restored(text)
            self._writes += 1
        self._written = wanted
        if written is None or holds:
            return f"wrote {_count(text)} rules" if text else ""
        self._repairs += 1
        return "somebody had changed the rules: wrote them anew"

    async def _settle(self, portals: Sequence[Portal]) -> None:
        if self._ends_flows:
            for flow in flows.stale(self._settled, portals):
                await kernel.ended(flow)
        self._settled = portals


async def clean_up() -> int:
    """Remove all that was ever written here, and say how many chains that was. Idempotent."""
    saved = await kernel.saved()
    if text := restore.restoring((), saved):
        await kernel.restored(text)
    return text.count("\n-X ")


def _count(text: str) -> int:
    return text.count("\n-A ")
