"""What Prometheus can ask of a scheduler besides its calls."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from peapod.scheduler.scheduler import Scheduler


class SchedulerCollector(Collector):
    """Reads the scheduler's figures when it is asked."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def collect(self) -> Iterator[Metric]:
        """Read them."""
        scheduler = self._scheduler
        waiting = len(scheduler.planner.queue)
        yield GaugeMetricFamily("peapod_scheduler_waiting_pods", "Pods that wait for a node.", value=waiting)
        yield CounterMetricFamily("peapod_scheduler_bound_pods", "Pods bound to nodes.", value=scheduler.bound)
        yield CounterMetricFamily(
            "peapod_scheduler_refusals", "Pods that got no node, each time.", value=scheduler.refused
        )


def register(registry: CollectorRegistry, scheduler: Scheduler) -> None:
    """Add the figures to a server's registry."""
    registry.register(SchedulerCollector(scheduler))
