from __future__ import annotations

import pytest

from peapod.common.errors import Violation
from peapod.kubelet.admission import Refusal, Wait, decide
from peapod.v1 import pod_pb2
from tests.support.objects import TCP, UDP, Port, make_pod

CAPACITY = {"cpu": "2", "memory": "1Gi", "pods": "3"}


def judge(
    pod: pod_pb2.Pod,
    *running: pod_pb2.Pod,
    leaving: tuple[pod_pb2.Pod, ...] = (),
    violations: tuple[Violation, ...] = (),
    needs_network: bool = True,
) -> Refusal | Wait | None:
    return decide(pod, running, leaving, CAPACITY, violations, needs_network=needs_network)


@pytest.mark.parametrize(
    ("mine", "theirs", "conflict"),
    [
        ((80, TCP, ""), (80, TCP, ""), True),
        ((80, TCP, ""), (80, TCP, "10.0.0.1"), True),
        ((80, TCP, "0.0.0.0"), (80, TCP, "10.0.0.1"), True),
        ((80, TCP, "10.0.0.2"), (80, TCP, "10.0.0.1"), False),
        ((80, TCP, ""), (80, UDP, ""), False),
        ((80, TCP, ""), (81, TCP, ""), False),
        ((0, TCP, ""), (0, TCP, ""), False),
    ],
)
def test_a_host_port_conflicts_on_the_same_port_protocol_and_address(mine: Port, theirs: Port, conflict: bool) -> None:
    verdict = judge(make_pod("mine", ports=[mine]), make_pod("theirs", ports=[theirs]))
    expected = Refusal("HostPortConflict", "host port 80 is in use by pod default/theirs") if conflict else None
    assert verdict == expected


def test_a_port_of_a_pod_that_leaves_is_waited_for() -> None:
    old = make_pod("old", ports=[80])
    assert judge(make_pod("new", ports=[80]), leaving=(old,)) == Wait(
        "waits until pod default/old has left host port 80"
    )


def test_what_is_too_much_for_the_node_is_refused() -> None:
    busy = make_pod("busy", cpu="1500m", memory="512Mi")
    assert judge(make_pod(cpu="500m", memory="512Mi"), busy) is None
    assert judge(make_pod(cpu="501m"), busy) == Refusal(
        "CapacityExceeded", "this node has too little cpu left for the pod"
    )
    assert judge(make_pod(memory="513Mi"), busy) == Refusal(
        "CapacityExceeded", "this node has too little memory left for the pod"
    )


def test_a_pod_that_asks_for_nothing_fits_beside_any_load() -> None:
    assert judge(make_pod(), make_pod("busy", cpu="4", memory="2Gi")) is None


def test_a_node_takes_so_many_pods_and_no_more() -> None:
    verdict = judge(make_pod(), *(make_pod(f"p{number}") for number in range(3)))
    assert verdict == Refusal("CapacityExceeded", "this node runs 3 pods already, as many as it may")


def test_what_cannot_be_honoured_is_refused_with_its_fields() -> None:
    wrong = (Violation("spec.host_network", "is not to be had"), Violation("spec.volumes[0]", "is too big"))
    verdict = judge(make_pod(), violations=wrong)
    assert isinstance(verdict, Refusal)
    assert verdict.reason == "Unsupported"
    assert verdict.message.endswith("spec.host_network: is not to be had; spec.volumes[0]: is too big")


def test_the_network_containers_name_is_taken_where_there_is_one() -> None:
    pod = make_pod()
    pod.spec.containers[0].name = "net"
    assert isinstance(judge(pod), Refusal)
    assert judge(pod, needs_network=False) is None


def test_events_spell_the_reason_in_their_way() -> None:
    assert Refusal("HostPortConflict", "").event == "hostPortConflict"
