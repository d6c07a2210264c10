"""A service, whose only port has its words at the top of v1beta1 and in the spec of v1beta3."""

from __future__ import annotations

from typing import Any, cast

import pytest

from peapod.codec import codec
from peapod.codec.versions import VERSIONS
from peapod.v1 import service_pb2


def read(version: str, **said: Any) -> service_pb2.Service:
    document = said if version != "v1beta3" else {"spec": said}
    decoded = codec.decode(document | {"kind": "Service", "apiVersion": version})
    assert (list(decoded.problems), list(decoded.unknown)) == ([], [])
    return cast("service_pb2.Service", decoded.message)


def target(version: str) -> str:
    return "targetPort" if version == "v1beta3" else "containerPort"


EACH = pytest.mark.parametrize("version", VERSIONS)


@EACH
def test_nothing_said_is_no_port(version: str) -> None:
    assert not read(version, **{"port": 0, "protocol": "", target(version): 0}).spec.ports


@EACH
@pytest.mark.parametrize("given", [8080, "http", "8080", ""])
def test_what_is_said_of_the_port_is_said_of_one(version: str, given: Any) -> None:
    service = read(version, **{target(version): given, "port": 80, "protocol": "udp"})
    assert len(service.spec.ports) == 1
    written = VERSIONS[version].encode(service)
    written = written["spec"] if version == "v1beta3" else written
    assert (written["port"], written["protocol"], written[target(version)]) == (80, "UDP", given)


@EACH
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(True, service_pb2.SERVICE_TYPE_LOAD_BALANCER), (False, service_pb2.SERVICE_TYPE_UNSPECIFIED)],
)
def test_a_load_balancer_is_a_type(version: str, wanted: bool, expected: int) -> None:
    assert read(version, port=80, createExternalLoadBalancer=wanted).spec.type == expected


@EACH
def test_the_usual_type_is_not_written(version: str) -> None:
    service = service_pb2.Service()
    service.spec.type = service_pb2.SERVICE_TYPE_CLUSTER_IP
    written = VERSIONS[version].encode(service)
    assert "createExternalLoadBalancer" not in (written["spec"] if version == "v1beta3" else written)


@EACH
@pytest.mark.parametrize("wrong", [True, 1.5, [80]])
def test_a_port_that_is_none_makes_none(version: str, wrong: Any) -> None:
    said = {target(version): wrong}
    document = {"spec": said} if version == "v1beta3" else said
    decoded = codec.decode(document | {"kind": "Service", "apiVersion": version})
    assert [problem.field.rpartition(".")[2] for problem in decoded.problems] == [target(version)]
    assert not cast("service_pb2.Service", decoded.message).spec.ports
