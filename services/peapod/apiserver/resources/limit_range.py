"""Limit ranges: bounds for each pod of a namespace."""

from __future__ import annotations

from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds
from peapod.rules.limit_range import violations
from peapod.v1.limit_range_pb2 import LimitRange

STRATEGY = Strategy(of=kinds.LIMIT_RANGE, message=LimitRange, validate=violations)
