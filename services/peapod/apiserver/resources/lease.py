"""Leases: who of several is at work."""

from __future__ import annotations

from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds
from peapod.rules import lease as rules
from peapod.v1.lease_pb2 import Lease

STRATEGY = Strategy(
    of=kinds.LEASE,
    message=Lease,
    validate=rules.violations,
    validate_update=rules.update_violations,
)
