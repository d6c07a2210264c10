"""What is wrong with a resource quota (v1beta1.md, 2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.common.errors import Violation
from peapod.rules.resources import COUNTED, amount_violations
from peapod.v1 import resource_quota_pb2


def violations(quota: resource_quota_pb2.ResourceQuota) -> Iterator[Violation]:
    """Find everything that is wrong with a quota, apart from its metadata; its status is judged too."""
    yield from amount_violations(quota.spec.hard, COUNTED, "spec.hard")
    yield from amount_violations(quota.status.hard, COUNTED, "status.hard")
    yield from amount_violations(quota.status.used, COUNTED, "status.used")
