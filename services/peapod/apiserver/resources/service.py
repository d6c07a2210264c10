"""Services: what of them stays, and which portal IPs they may ask for."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.apiserver.portal_net import PortalNet
from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds, names
from peapod.common.errors import Violation
from peapod.rules import service as rules
from peapod.rules.addresses import read_address
from peapod.v1.service_pb2 import Service


def keep(new: Service, old: Service) -> None:
    """Leave the portal IP as it is where a user does not say it again."""
    new.spec.cluster_ip = new.spec.cluster_ip or old.spec.cluster_ip


def strategy(net: PortalNet) -> Strategy[Service]:
    """Make the rules for services whose portal IPs are of one net."""

    def validate_new(service: Service) -> Iterator[Violation]:
        # What is no address at all is said of any service, old ones too.
        asked = service.spec.cluster_ip
        if read_address(asked) is not None and asked not in net:
            yield Violation("spec.cluster_ip", f"must be an address of {net}, not {asked}")

    def validate_update(new: Service, old: Service) -> Iterator[Violation]:
        yield from rules.update_violations(new, old)
        if not old.spec.cluster_ip:
            yield from validate_new(new)

    return Strategy(
        of=kinds.SERVICE,
        message=Service,
        name_problem=names.dns_952_label_problem,
        set_defaults=rules.set_defaults,
        keep=keep,
        validate=rules.violations,
        validate_new=validate_new,
        validate_update=validate_update,
        unsupported=rules.unsupported,
    )
