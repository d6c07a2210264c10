"""Each rule of services: what breaks it is named, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from peapod.apiserver.resources.service import keep
from peapod.rules.service import set_defaults, unsupported, update_violations, violations
from peapod.v1 import pod_pb2
from peapod.v1.service_pb2 import (
    SERVICE_TYPE_CLUSTER_IP,
    SERVICE_TYPE_LOAD_BALANCER,
    SESSION_AFFINITY_CLIENT_IP,
    SESSION_AFFINITY_NONE,
    Service,
)
from tests.support.kinds import make_service

Change = Callable[[Service], object]


def changed(change: Change) -> Service:
    service = make_service()
    change(service)
    set_defaults(service)
    return service


def wrong(service: Service) -> list[tuple[str, str]]:
    return [(violation.field, violation.reason) for violation in violations(service)]


def port(name: str, value: object) -> Change:
    return lambda service: setattr(service.spec.ports[0], name, value)


def target(**value: object) -> Change:
    def change(service: Service) -> None:
        for name, given in value.items():
            setattr(service.spec.ports[0].target_port, name, given)

    return change


def spec(name: str, value: object) -> Change:
    return lambda service: setattr(service.spec, name, value)


def external(*addresses: str) -> Change:
    return lambda service: service.spec.external_ips.extend(addresses)


WRONG: list[tuple[Change, str, str]] = [
    (lambda it: it.spec.ClearField("ports"), "spec.ports", "REQUIRED"),
    (lambda it: it.spec.ports.add(port=81), "spec.ports", "INVALID"),
    (port("port", 0), "spec.ports[0].port", "INVALID"),
    (port("port", -1), "spec.ports[0].port", "INVALID"),
    (port("port", 65536), "spec.ports[0].port", "INVALID"),
    (port("protocol", 9), "spec.ports[0].protocol", "NOT_SUPPORTED"),
    (port("name", "Web"), "spec.ports[0].name", "INVALID"),
    (target(number=-1), "spec.ports[0].target_port", "INVALID"),
    (target(number=65536), "spec.ports[0].target_port", "INVALID"),
    (target(text=""), "spec.ports[0].target_port", "REQUIRED"),
    (lambda it: it.spec.selector.update(Bad_Key="v"), "spec.selector", "INVALID"),
    (lambda it: it.spec.selector.update(app="-"), "spec.selector", "INVALID"),
    (spec("cluster_ip", "none"), "spec.cluster_ip", "INVALID"),
    (spec("cluster_ip", "10.0.0.256"), "spec.cluster_ip", "INVALID"),
    (external("10.0.0.1", ""), "spec.external_ips[1]", "REQUIRED"),
    (external("0.0.0.0"), "spec.external_ips[0]", "INVALID"),
    (external("127.0.0.2"), "spec.external_ips[0]", "INVALID"),
    (external("::1"), "spec.external_ips[0]", "INVALID"),
    (external("-j ACCEPT"), "spec.external_ips[0]", "INVALID"),
    (spec("session_affinity", 7), "spec.session_affinity", "NOT_SUPPORTED"),
    (spec("type", 7), "spec.type", "NOT_SUPPORTED"),
]


@pytest.mark.parametrize(
    ("change", "field", "reason"), WRONG, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_wrong_is_named(change: Change, field: str, reason: str) -> None:
    assert wrong(changed(change)) == [(field, reason)]


RIGHT: list[Change] = [
    lambda it: None,
    lambda it: it.spec.ClearField("selector"),
    port("port", 65535),
    port("name", "web"),
    port("protocol", pod_pb2.PROTOCOL_UDP),
    target(number=0),
    target(number=65535),
    target(text="web"),
    spec("cluster_ip", "10.0.0.7"),
    spec("cluster_ip", "None"),
    external("192.168.1.1", "Host.example.com", "2001:db8::1"),
    spec("session_affinity", SESSION_AFFINITY_CLIENT_IP),
    spec("type", SERVICE_TYPE_LOAD_BALANCER),
]


@pytest.mark.parametrize("change", RIGHT)
def test_what_is_right_passes(change: Change) -> None:
    assert wrong(changed(change)) == []


def test_defaults() -> None:
    service = changed(lambda it: None)
    assert service.spec.session_affinity == SESSION_AFFINITY_NONE
    assert service.spec.type == SERVICE_TYPE_CLUSTER_IP
    assert service.spec.ports[0].protocol == pod_pb2.PROTOCOL_TCP
    assert not service.spec.ports[0].HasField("target_port")


def test_a_load_balancer_is_right_and_cannot_be_had() -> None:
    assert [*unsupported(changed(lambda it: None))] == []
    (violation,) = unsupported(changed(spec("type", SERVICE_TYPE_LOAD_BALANCER)))
    assert (violation.field, violation.reason) == ("spec.type", "NOT_SUPPORTED")


@pytest.mark.parametrize(
    ("before", "after", "frozen"),
    [
        ("", "10.0.0.7", False),
        ("", "None", False),
        ("10.0.0.7", "10.0.0.7", False),
        ("10.0.0.7", "", False),
        ("10.0.0.7", "10.0.0.8", True),
        ("10.0.0.7", "None", True),
        ("None", "10.0.0.7", True),
    ],
)
def test_a_portal_ip_stays(before: str, after: str, frozen: bool) -> None:
    old, new = changed(spec("cluster_ip", before)), changed(spec("cluster_ip", after))
    keep(new, old)
    fields = [violation.field for violation in update_violations(new, old)]
    assert fields == (["spec.cluster_ip"] if frozen else [])
    assert frozen or new.spec.cluster_ip == (after or before)
