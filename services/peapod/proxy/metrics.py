"""What Prometheus can ask of a proxy besides its calls."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from peapod.proxy.keeper import Keeper


class ProxyCollector(Collector):
    """Reads the proxy's figures when it is asked."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def collect(self) -> Iterator[Metric]:
        """Read them."""
        portals = self._keeper.portals
        backends = sum(len(portal.backends) for portal in portals)
        yield GaugeMetricFamily("peapod_proxy_portals", "Ports of services that are reachable.", value=len(portals))
        yield GaugeMetricFamily("peapod_proxy_backends", "Addresses behind them.", value=backends)
        yield CounterMetricFamily(
            "peapod_proxy_rounds", "Times that all was found, or made, as it must be.", value=self._keeper.rounds
        )
        yield from self._keeper.backend.figures()


def register(registry: CollectorRegistry, keeper: Keeper) -> None:
    """Add the figures to a server's registry."""
    registry.register(ProxyCollector(keeper))
