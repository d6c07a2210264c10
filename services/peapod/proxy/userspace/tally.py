"""What the proxy has carried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


@dataclass
class Tally:
    """Counts as connections and sessions begin and end."""

    connections: int = 0
    """That are open."""
    sessions: int = 0
    """Clients of UDP whose datagrams go to one backend."""
    failed_dials: int = 0
    dropped_datagrams: int = 0

    def figures(self) -> Iterator[Metric]:
        """Tell them to Prometheus."""
        yield GaugeMetricFamily("peapod_proxy_connections", "TCP connections that are open.", value=self.connections)
        yield GaugeMetricFamily("peapod_proxy_sessions", "UDP clients that have a backend.", value=self.sessions)
        yield CounterMetricFamily(
            "peapod_proxy_failed_dials", "Backends that could not be connected to, each time.", value=self.failed_dials
        )
        yield CounterMetricFamily(
            "peapod_proxy_dropped_datagrams", "Datagrams that could not be passed on.", value=self.dropped_datagrams
        )
