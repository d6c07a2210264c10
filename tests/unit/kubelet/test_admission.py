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
    labels: dict[str, str] | None = None,
) -> Refusal | Wait | None:
    return decide(pod, running, leaving, CAPACITY, violations, labels)


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


def test_a_port_that_is_not_tcp_says_so() -> None:
    verdict = judge(make_pod("mine", ports=[(53, UDP, "")]), make_pod("theirs", ports=[(53, UDP, "")]))
    assert verdict == Refusal("HostPortConflict", "host port 53/UDP is in use by pod default/theirs")


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


@pytest.mark.parametrize(
    ("mine", "theirs", "conflict"),
    [(False, False, True), (False, True, True), (True, False, True), (True, True, False)],
)
def test_a_disk_has_one_writer_or_any_number_of_readers(mine: bool, theirs: bool, conflict: bool) -> None:
    new, old = with_disk("new", read_only=mine), with_disk("old", read_only=theirs)
    expected = Refusal("DiskConflict", "disk data is in use by pod default/old") if conflict else None
    assert judge(new, old) == expected
    assert judge(new, leaving=(old,)) == (Wait("waits until pod default/old has left disk data") if conflict else None)
    assert judge(new, with_disk("other", "logs")) is None


def with_disk(name: str, disk: str = "data", *, read_only: bool = False) -> pod_pb2.Pod:
    pod = make_pod(name)
    pod.spec.volumes.add(name="d").gce_persistent_disk.MergeFrom(
        pod_pb2.GCEPersistentDiskVolumeSource(pd_name=disk, fs_type="ext4", read_only=read_only)
    )
    return pod


def test_a_pod_runs_only_where_all_labels_are_that_it_selects() -> None:
    pod = make_pod(selector={"disk": "ssd", "zone": "a"})
    assert judge(pod, labels={"disk": "ssd", "zone": "a", "more": "x"}) is None
    assert judge(pod, labels={"disk": "hdd", "zone": "a"}) == Refusal(
        "NodeSelectorMismatching", "this node does not carry the label disk=ssd"
    )
    assert judge(pod, labels=None) is None


def test_events_spell_the_reason_in_their_way() -> None:
    assert Refusal("HostPortConflict", "").event == "hostPortConflict"
