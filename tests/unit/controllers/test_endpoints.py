from __future__ import annotations

import random

import pytest

from peapod.controllers.endpoints.decide import are_made, differ, pod_port, wanted
from peapod.rules.endpoints import set_defaults, violations
from peapod.v1 import pod_pb2
from peapod.v1.endpoints_pb2 import Endpoints
from peapod.v1.service_pb2 import Service
from tests.support.objects import FALSE, TCP, TRUE, UDP, UNKNOWN, make_pod


def make_service(target: int | str = 0, *, port: int = 80, protocol: pod_pb2.Protocol = TCP, name: str = "") -> Service:
    service = Service(metadata={"name": "shop", "namespace": "default", "labels": {"tier": "front"}})
    service.spec.selector["app"] = "shop"
    one = service.spec.ports.add(port=port, protocol=protocol, name=name)
    if isinstance(target, str):
        one.target_port.text = target
    else:
        one.target_port.number = target
    return service


def ready_pod(name: str = "p", ip: str = "10.1.0.1", *ports: tuple[int, pod_pb2.Protocol, str]) -> pod_pb2.Pod:
    pod = make_pod(name, phase=pod_pb2.POD_PHASE_RUNNING)
    for number, protocol, port_name in ports or ((8080, TCP, "http"),):
        pod.spec.containers[0].ports.add(container_port=number, protocol=protocol, name=port_name)
    pod.status.pod_ip = ip
    pod.status.conditions.add(type="Ready", status=TRUE)
    return pod


def flat(endpoints: Endpoints) -> list[str]:
    return [
        f"{address.ip}:{port.port}"
        for subset in endpoints.subsets
        for address in subset.addresses
        for port in subset.ports
    ]


@pytest.mark.parametrize(
    ("target", "protocol", "found"),
    [
        (0, TCP, 8080),
        (0, UDP, 53),
        (9000, TCP, 9000),
        ("admin", TCP, 8081),
        ("dns", UDP, 53),
        ("dns", TCP, 0),
        ("unheard-of", TCP, 0),
    ],
)
def test_a_pods_port_is_found_by_number_by_name_or_as_its_first(
    target: int | str, protocol: pod_pb2.Protocol, found: int
) -> None:
    pod = ready_pod("p", "10.1.0.1", (8080, TCP, "http"), (53, UDP, "dns"), (8081, TCP, "admin"))
    assert pod_port(pod, make_service(target, protocol=protocol).spec.ports[0]) == found


def test_a_pod_without_ports_serves_at_the_services_own() -> None:
    pod = make_pod()
    assert pod_port(pod, make_service(port=6379).spec.ports[0]) == 6379
    unset = Service()
    unset.spec.ports.add(port=6379, protocol=TCP)
    assert pod_port(pod, unset.spec.ports[0]) == 6379


def test_only_what_is_ready_and_has_an_address_is_behind_a_service() -> None:
    unready, lost, nowhere, over, unnamed = (ready_pod(name) for name in "abcde")
    unready.status.conditions[0].status = FALSE
    lost.status.conditions[0].status = UNKNOWN
    nowhere.status.pod_ip = ""
    over.status.phase = pod_pb2.POD_PHASE_SUCCEEDED
    unnamed.spec.containers[0].ports[0].name = ""
    pods = [unready, lost, nowhere, over, unnamed, ready_pod("good", "10.1.0.9")]
    assert flat(wanted(make_service("http"), pods)) == ["10.1.0.9:8080"]


def test_pods_that_call_one_port_by_different_numbers_are_subsets() -> None:
    pods = [ready_pod("a", "10.1.0.1"), ready_pod("b", "10.1.0.2", (81, TCP, "http")), ready_pod("c", "10.1.0.3")]
    assert flat(wanted(make_service("http"), pods)) == ["10.1.0.2:81", "10.1.0.1:8080", "10.1.0.3:8080"]


def test_what_is_made_is_right_tells_its_pods_and_stays_as_it_is_when_it_is_stored() -> None:
    service = make_service(name="web")
    made = wanted(service, [ready_pod("a", "10.1.0.2"), ready_pod("b", "10.1.0.1")])
    stored = Endpoints()
    stored.CopyFrom(made)
    set_defaults(stored)
    assert stored == made
    assert [*violations(made)] == []
    assert made.metadata.labels == service.metadata.labels
    (subset,) = made.subsets
    assert [(one.target_ref.kind, one.target_ref.uid) for one in subset.addresses] == [
        ("Pod", "uid-b"),
        ("Pod", "uid-a"),
    ]
    assert (subset.ports[0].name, subset.ports[0].protocol) == ("web", TCP)


def test_the_order_in_which_pods_are_found_changes_nothing() -> None:
    pods = [ready_pod(f"p{number}", f"10.1.0.{number}") for number in range(20)]
    made = wanted(make_service(), pods)
    random.shuffle(pods)
    assert not differ(made, wanted(make_service(), pods))
    assert differ(made, wanted(make_service(), pods[1:]))


def test_endpoints_that_do_not_say_for_which_service_were_made_by_hand() -> None:
    """Also those that name pods, as whoever writes back what was read does."""
    made = wanted(make_service(), [ready_pod()])
    assert are_made(made)
    made.metadata.annotations.clear()
    assert not are_made(made)
    assert differ(made, wanted(make_service(), [ready_pod()]))
    assert not are_made(Endpoints())
