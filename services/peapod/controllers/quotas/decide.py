"""Whether a quota says what is used, and what it should say; how that is counted is rules/usage.py's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peapod.rules.resource_quota import count, is_counted, used_by
from peapod.rules.usage import total
from peapod.v1.resource_quota_pb2 import ResourceQuota


def recounted(quota: ResourceQuota, contents: Iterable[Any]) -> ResourceQuota:
    """Make what is written of a quota in a namespace that holds these objects."""
    wish = ResourceQuota()
    wish.CopyFrom(quota)
    count(wish, total(contents))
    return wish


def differ(stored: ResourceQuota, wish: ResourceQuota) -> bool:
    """Tell whether a status has to be written: amounts are compared, and not how they are spelled."""
    same = stored.status.hard == wish.status.hard and used_by(stored) == used_by(wish)
    return not (same and is_counted(stored))
