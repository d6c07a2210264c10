"""What Prometheus can ask of an apiserver besides its calls."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from peapod.apiserver.kinds import Kinds


class KindsCollector(Collector):
    """Counts objects and watchers when it is asked, so that they cost nothing in between."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds

    def collect(self) -> Iterator[Metric]:
        """Read the gauges."""
        objects = GaugeMetricFamily("peapod_objects", "Objects in the cache.", labels=["kind"])
        watchers = GaugeMetricFamily("peapod_watchers", "Open watches.", labels=["kind"])
        for plural, cache in self._kinds.caches.items():
            objects.add_metric([plural], len(cache))
            watchers.add_metric([plural], self._kinds.fanouts[plural].watchers)
        yield objects
        yield watchers
        yield GaugeMetricFamily(
            "peapod_store_revision", "The revision the caches are at.", value=self._kinds.feed.revision
        )


def register(registry: CollectorRegistry, kinds: Kinds) -> None:
    """Add the gauges to a server's registry."""
    registry.register(KindsCollector(kinds))
