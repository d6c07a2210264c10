"""Endpoints of v1beta1, as they were written before there were subsets."""

from __future__ import annotations

from typing import Any, cast

import pytest

from peapod.codec import codec
from peapod.codec.v1beta1.flat_endpoints import packed
from peapod.codec.versions import V1BETA1
from peapod.v1 import endpoints_pb2, pod_pb2

TCP = pod_pb2.PROTOCOL_TCP


def read(**flat: Any) -> codec.Decoded:
    return codec.decode({"kind": "Endpoints", "apiVersion": "v1beta1", "id": "e"} | flat)


def subsets(**flat: Any) -> Any:
    decoded = read(**flat)
    assert (list(decoded.problems), list(decoded.unknown)) == ([], [])
    return cast("endpoints_pb2.Endpoints", decoded.message).subsets


@pytest.mark.parametrize(
    ("endpoints", "expected"),
    [
        ([], []),
        ([("a", 1)], [(["a"], [1])]),
        ([("a", 1), ("a", 1)], [(["a"], [1])]),
        ([("a", 1), ("b", 1)], [(["a", "b"], [1])]),
        ([("a", 1), ("a", 2)], [(["a"], [1, 2])]),
        ([("a", 1), ("b", 2)], [(["a"], [1]), (["b"], [2])]),
        ([("a", 1), ("b", 1), ("b", 2), ("a", 2)], [(["a", "b"], [1, 2])]),
        ([("a", 1), ("a", 2), ("b", 1)], [(["a", "b"], [1]), (["a"], [2])]),
    ],
)
def test_ports_with_the_same_addresses_go_together(endpoints: Any, expected: Any) -> None:
    assert packed(endpoints) == expected


def test_what_is_not_said_of_a_flat_list_is_left_to_the_rules() -> None:
    [subset] = subsets(Endpoints=["10.1.0.7:80"])
    assert [address.ip for address in subset.addresses] == ["10.1.0.7"]
    assert [(port.name, port.port, port.protocol) for port in subset.ports] == [("", 80, 0)]


def test_a_flat_list_is_not_looked_at_beside_subsets() -> None:
    given = [{"addresses": [{"IP": "10.1.0.7"}], "ports": [{"port": 80}]}]
    assert [*subsets(endpoints=7, protocol=7, targetRefs=7, subsets=given)] == [*subsets(subsets=given)]


def test_only_the_ports_that_are_called_as_the_first_are_shown() -> None:
    message = endpoints_pb2.Endpoints()
    for address, name in (("10.1.0.7", "a"), ("10.1.0.8", "b"), ("10.1.0.9", "a")):
        subset = message.subsets.add(addresses=[{"ip": address}])
        subset.ports.add(name=name, port=80, protocol=TCP)
    written = V1BETA1.encode(message)
    assert written["endpoints"] == ["10.1.0.7:80", "10.1.0.9:80"]
    assert written["protocol"] == "TCP"
    assert len(written["subsets"]) == 3


@pytest.mark.parametrize(
    ("flat", "place"),
    [
        ({"endpoints": ["10.1.0.7"]}, "endpoints[0]"),
        ({"endpoints": ["10.1.0.7:80", "10.1.0.7:http"]}, "endpoints[1]"),
        ({"endpoints": ["fd00::4:80"]}, "endpoints[0]"),
        ({"endpoints": [80]}, "endpoints[0]"),
        ({"endpoints": "10.1.0.7:80"}, "endpoints"),
        ({"protocol": "ICMP"}, "protocol"),
        ({"targetRefs": {}}, "targetRefs"),
        ({"targetRefs": [{"endpoint": "nowhere"}]}, "targetRefs[0].endpoint"),
        ({"targetRefs": [{}]}, "targetRefs[0].endpoint"),
        ({"targetRefs": [{"endpoint": "a:1", "targetRef": {"kind": 7}}]}, "targetRefs[0].targetRef.kind"),
        ({"targetRefs": [{"endpoint": "a:1", "targetRef": [7]}]}, "targetRefs[0].targetRef"),
    ],
)
def test_what_is_wrong_in_a_flat_list_is_told_by_its_place(flat: dict[str, Any], place: str) -> None:
    assert [problem.field for problem in read(**flat).problems] == [place]


def test_keys_of_a_reference_that_there_are_not_are_told() -> None:
    reference = {"endpoint": "a:1", "targetRef": {"kin": "Pod"}}
    assert read(endpoints=["a:1"], targetRefs=[reference]).unknown == ["targetRefs[0].targetRef.kin"]
