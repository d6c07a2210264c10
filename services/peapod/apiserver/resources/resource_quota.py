"""Resource quotas: bounds for a namespace as a whole. What was counted is not the user's to say."""

from __future__ import annotations

from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds
from peapod.rules.resource_quota import violations
from peapod.v1.resource_quota_pb2 import ResourceQuota


def begin(quota: ResourceQuota) -> None:
    """Let a quota begin uncounted."""
    quota.status.Clear()


def keep(new: ResourceQuota, old: ResourceQuota) -> None:
    """Leave the status to the quota controller."""
    new.status.CopyFrom(old.status)


STRATEGY = Strategy(
    of=kinds.RESOURCE_QUOTA,
    message=ResourceQuota,
    begin=begin,
    keep=keep,
    validate=violations,
)
