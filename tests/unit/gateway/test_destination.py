"""Where pods and services answer."""

from __future__ import annotations

import pytest

from peapod.common.errors import Unavailable
from peapod.gateway.forward.destination import Destination, of_endpoints, of_pod
from peapod.v1 import endpoints_pb2, meta_pb2, pod_pb2
from tests.support.objects import make_pod


def subset(
    port: str, number: int, *addresses: str, protocol: pod_pb2.Protocol = pod_pb2.PROTOCOL_TCP
) -> endpoints_pb2.EndpointSubset:
    return endpoints_pb2.EndpointSubset(
        addresses=[endpoints_pb2.EndpointAddress(ip=ip) for ip in addresses],
        ports=[endpoints_pb2.EndpointPort(name=port, port=number, protocol=protocol)],
    )


def endpoints(*subsets: endpoints_pb2.EndpointSubset) -> endpoints_pb2.Endpoints:
    return endpoints_pb2.Endpoints(metadata=meta_pb2.ObjectMeta(name="db"), subsets=subsets)


def test_a_pod_without_ports_answers_where_http_does() -> None:
    pod = make_pod()
    pod.status.pod_ip = "10.0.0.1"
    assert str(of_pod(pod, "")) == "10.0.0.1"
    assert of_pod(pod, "").number == 80
    assert str(of_pod(pod, "8080")) == "10.0.0.1:8080"


def test_an_address_of_ipv6_is_bracketed() -> None:
    assert str(Destination("fd00::1", 80)) == "[fd00::1]:80"


def test_every_address_of_every_subset_with_the_port_is_chosen() -> None:
    given = endpoints(subset("", 1, "10.0.0.1", "10.0.0.2"), subset("web", 2, "10.0.0.3"), subset("", 4, "10.0.0.4"))
    chosen = {of_endpoints(given, "") for _ in range(500)}
    assert {str(one) for one in chosen} == {"10.0.0.1:1", "10.0.0.2:1", "10.0.0.4:4"}
    assert str(of_endpoints(given, "web")) == "10.0.0.3:2"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (endpoints(), 'service "db" has no endpoints with a port named "web"'),
        (endpoints(subset("web", 1)), "no endpoints"),
        (endpoints(subset("", 1, "10.0.0.1")), "no endpoints"),
        (endpoints(subset("web", 1, "10.0.0.1", protocol=pod_pb2.PROTOCOL_UDP)), "no endpoints"),
        (endpoints(subset("web", 1, "localhost")), "an address that is none"),
    ],
)
def test_a_service_that_nobody_answers_for_is_unavailable(given: endpoints_pb2.Endpoints, said: str) -> None:
    with pytest.raises(Unavailable, match=said):
        of_endpoints(given, "web")
