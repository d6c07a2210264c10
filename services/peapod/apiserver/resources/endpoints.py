"""Endpoints: the addresses behind services, written by whoever finds them."""

from __future__ import annotations

from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds
from peapod.rules.endpoints import set_defaults, violations
from peapod.v1.endpoints_pb2 import Endpoints

STRATEGY = Strategy(
    of=kinds.ENDPOINTS,
    message=Endpoints,
    set_defaults=set_defaults,
    validate=violations,
)
