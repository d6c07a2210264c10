"""What a namespace may have, for people: limit ranges and resource quotas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from peapod_cli import words
from peapod_cli.calls import Connection
from peapod_cli.sections import Lines, pairs, section
from peapod_cli.table import Row

if TYPE_CHECKING:
    from peapod.v1.limit_range_pb2 import LimitRange, LimitRangeItem
    from peapod.v1.resource_quota_pb2 import ResourceQuota

NO_BOUND = "-"


def limit_range_lines(limits: LimitRange, connection: Connection) -> Lines:
    """Say what one pod, or one container, may ask for at least and at most."""
    yield from _head(limits)
    rows = [row for item in limits.spec.limits for row in _bounds(item)]
    yield from section("Limits:", ("TYPE", "RESOURCE", "MIN", "MAX"), rows)


def _bounds(item: LimitRangeItem) -> Iterator[Row]:
    for resource in sorted({*item.min, *item.max}):
        yield (item.type, resource, item.min.get(resource, NO_BOUND), item.max.get(resource, NO_BOUND))


def quota_lines(quota: ResourceQuota, connection: Connection) -> Lines:
    """Say what is used of what may be used; nothing is said to be used before it was counted."""
    yield from _head(quota)
    used = quota.status.used
    rows = [(resource, used.get(resource, ""), quota.spec.hard[resource]) for resource in sorted(quota.spec.hard)]
    yield from section("Resources:", ("RESOURCE", "USED", "HARD"), rows)


def _head(item: Any) -> Lines:
    yield from pairs(
        ("Name:", item.metadata.name),
        ("Namespace:", item.metadata.namespace),
        ("Labels:", words.labels(item.metadata.labels)),
        ("Created:", words.moment(item.metadata.creation_timestamp)),
    )
