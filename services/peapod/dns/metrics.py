"""What Prometheus can ask of a DNS server."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from peapod.dns.desk import Desk


class DnsCollector(Collector):
    """Reads the desk's figures when it is asked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """Read them."""
        answers = CounterMetricFamily("peapod_dns_answers", "Questions answered, by the code.", labels=["code"])
        for code, count in self._desk.answered.items():
            answers.add_metric([code], count)
        yield answers


def register(registry: CollectorRegistry, desk: Desk) -> None:
    """Add the figures to a server's registry."""
    registry.register(DnsCollector(desk))
