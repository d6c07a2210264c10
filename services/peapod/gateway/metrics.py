"""What Prometheus can ask of a gateway."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from peapod.gateway.copies import Copies
from peapod.gateway.resources import RESOURCES
from peapod.gateway.target import Target

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class ApiMetrics:
    """Counts requests by verb, kind and outcome, and open watches."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._handled = Counter(
            "peapod_http_handled", "Requests that were answered.", ["verb", "kind", "code"], registry=registry
        )
        self._seconds = Histogram(
            "peapod_http_seconds", "How long answers took.", ["verb", "kind"], buckets=_SECONDS, registry=registry
        )
        self._watches = Gauge("peapod_http_watches", "Watches that are open.", ["kind"], registry=registry)

    def answered(self, method: str, target: Target, code: int, seconds: float) -> None:
        """Count an answer."""
        verb, kind = _verb(method, target), target.resource.plural
        self._handled.labels(verb, kind, code).inc()
        self._seconds.labels(verb, kind).observe(seconds)

    @contextmanager
    def watching(self, target: Target) -> Iterator[None]:
        """Count a watch while it lasts."""
        gauge = self._watches.labels(target.resource.plural)
        gauge.inc()
        try:
            yield
        finally:
            gauge.dec()


class CopiesCollector(Collector):
    """Counts what is kept when it is asked, so that it costs nothing in between."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies

    def collect(self) -> Iterator[Metric]:
        """Read the gauges."""
        objects = GaugeMetricFamily("peapod_objects", "Objects in the gateway's copy.", labels=["kind"])
        revisions = GaugeMetricFamily("peapod_copy_revision", "The revision the copy is at.", labels=["kind"])
        for resource in RESOURCES:
            cache = self._copies.of(resource).cache
            objects.add_metric([resource.plural], len(cache))
            revisions.add_metric([resource.plural], cache.revision)
        yield objects
        yield revisions


def _verb(method: str, target: Target) -> str:
    if method not in ("GET", "HEAD"):
        return method if method in ("POST", "PUT", "PATCH", "DELETE") else "OTHER"
    return "GET" if target.name else "LIST"
