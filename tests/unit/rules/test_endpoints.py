"""What is wrong with endpoints, and which of their subsets are one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.rules.endpoints import set_defaults, violations
from peapod.v1 import pod_pb2
from peapod.v1.endpoints_pb2 import EndpointPort, Endpoints, EndpointSubset
from tests.support.kinds import make_endpoints

Change = Callable[[EndpointSubset], object]


def wrong(endpoints: Endpoints) -> list[tuple[str, str]]:
    set_defaults(endpoints)
    return [(violation.field, violation.reason) for violation in violations(endpoints)]


WRONG: list[tuple[Change, str, str]] = [
    (lambda it: it.ClearField("addresses"), "addresses", "REQUIRED"),
    (lambda it: it.ClearField("ports"), "ports", "REQUIRED"),
    (lambda it: setattr(it.addresses[0], "ip", ""), "addresses[0].ip", "REQUIRED"),
    (lambda it: setattr(it.addresses[0], "ip", "10.0.0.1:80"), "addresses[0].ip", "INVALID"),
    (lambda it: setattr(it.ports[0], "port", 0), "ports[0].port", "INVALID"),
    (lambda it: setattr(it.ports[0], "port", 65536), "ports[0].port", "INVALID"),
    (lambda it: setattr(it.ports[0], "protocol", 9), "ports[0].protocol", "NOT_SUPPORTED"),
    (lambda it: setattr(it.ports[0], "name", "Web"), "ports[0].name", "INVALID"),
]


@pytest.mark.parametrize(
    ("change", "field", "reason"), WRONG, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_wrong_is_named_where_it_was_written(change: Change, field: str, reason: str) -> None:
    endpoints = make_endpoints("10.0.0.1")
    for _ in range(2):
        endpoints.subsets.add().CopyFrom(endpoints.subsets[0])
    change(endpoints.subsets[2])
    assert wrong(endpoints) == [(f"subsets[2].{field}", reason)]
    assert len(endpoints.subsets) == 3


def test_nothing_behind_a_service_is_right() -> None:
    assert wrong(Endpoints()) == []


def test_a_port_without_a_protocol_is_tcp() -> None:
    endpoints = make_endpoints()
    assert wrong(endpoints) == []
    assert endpoints.subsets[0].ports[0].protocol == pod_pb2.PROTOCOL_TCP


def test_subsets_with_the_same_ports_are_one() -> None:
    endpoints = make_endpoints("10.0.0.1", "10.0.0.2")
    endpoints.subsets[0].ports.add(name="b", port=81)
    other = endpoints.subsets.add()
    other.addresses.add(ip="10.0.0.9")
    other.ports.add(port=80)
    again = endpoints.subsets.add()
    again.addresses.add(ip="10.0.0.2")
    again.addresses.add(ip="10.0.0.3").target_ref.name = "web"
    again.ports.add(name="b", port=81)
    again.ports.add(port=80, protocol=pod_pb2.PROTOCOL_TCP)
    set_defaults(endpoints)
    assert [[address.ip for address in subset.addresses] for subset in endpoints.subsets] == [
        ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
        ["10.0.0.9"],
    ]
    assert endpoints.subsets[0].addresses[2].target_ref.name == "web"


ADDRESSES = st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2", "::1"]), min_size=1, max_size=3, unique=True)
PORTS = st.lists(st.builds(EndpointPort, port=st.integers(1, 3)), min_size=1, max_size=2)


@given(st.lists(st.tuples(ADDRESSES, PORTS), max_size=5))
def test_nothing_is_lost_when_subsets_are_merged(subsets: list[tuple[list[str], list[EndpointPort]]]) -> None:
    endpoints = Endpoints()
    for addresses, ports in subsets:
        subset = endpoints.subsets.add(ports=ports)
        for address in addresses:
            subset.addresses.add(ip=address)
    asked = {(ip, port.port) for addresses, ports in subsets for ip, port in product(addresses, ports)}
    set_defaults(endpoints)
    got = [(one.ip, port.port) for subset in endpoints.subsets for one, port in product(subset.addresses, subset.ports)]
    assert set(got) == asked
    by_ports = [frozenset(port.port for port in subset.ports) for subset in endpoints.subsets]
    assert len(by_ports) == len(set(by_ports))
    again = Endpoints()
    again.CopyFrom(endpoints)
    set_defaults(again)
    assert again == endpoints
