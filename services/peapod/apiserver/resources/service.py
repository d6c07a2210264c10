"""Services: what of them stays."""

from __future__ import annotations

from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds, names
from peapod.rules import service as rules
from peapod.v1.service_pb2 import Service


def keep(new: Service, old: Service) -> None:
    """Leave the portal IP as it is where a user does not say it again."""
    new.spec.cluster_ip = new.spec.cluster_ip or old.spec.cluster_ip


STRATEGY = Strategy(
    of=kinds.SERVICE,
    message=Service,
    name_problem=names.dns_952_label_problem,
    set_defaults=rules.set_defaults,
    keep=keep,
    validate=rules.violations,
    validate_update=rules.update_violations,
    unsupported=rules.unsupported,
)
