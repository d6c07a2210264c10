from __future__ import annotations

import pytest

from peapod.common.demand import Demand
from peapod.scheduler.cluster import Cluster, NodeFacts
from peapod.scheduler.pick import fits_any
from peapod.scheduler.predicates import ALL, refusal
from peapod.v1 import node_pb2, pod_pb2
from tests.support.objects import FALSE, TCP, UDP, UNKNOWN, make_node, make_pod


def why_not(pod: pod_pb2.Pod, node: node_pb2.Node, *placed: pod_pb2.Pod) -> str | None:
    cluster = Cluster()
    facts = NodeFacts.of(node)
    cluster.set_node("n", facts)
    for number, other in enumerate(placed):
        cluster.place(("default", f"placed-{number}"), "n", Demand.of(other))
    demand, state = Demand.of(pod), cluster.get("n")
    if state is None:
        return cluster.obstacles["n"]
    reason = refusal(ALL, demand, state)
    assert fits_any(demand, cluster, ["n"]) == (reason is None), "the relevant predicates judge as all of them"
    return reason


def test_a_pod_that_asks_for_nothing_fits() -> None:
    assert why_not(make_pod(), make_node()) is None


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (make_node(ready=FALSE), "not ready"),
        (make_node(ready=UNKNOWN), "not ready"),
        (make_node(ready=None), "not ready, it has not reported yet"),
        (make_node(unschedulable=True), "unschedulable"),
        (
            make_node(cpu="much"),
            "it reports a bad quantity: 'much' is not a quantity such as 2, 250m, 1.5Gi or 1e3",
        ),
    ],
)
def test_a_node_with_an_obstacle_takes_nothing(node: node_pb2.Node, reason: str) -> None:
    assert why_not(make_pod(), node) == reason


@pytest.mark.parametrize(
    ("wanted", "taken", "clash"),
    [
        ((80, TCP, ""), (80, TCP, ""), True),
        ((80, TCP, ""), (81, TCP, ""), False),
        ((80, TCP, ""), (80, UDP, ""), False),
        ((80, TCP, "10.0.0.1"), (80, TCP, "10.0.0.2"), False),
        ((80, TCP, "10.0.0.1"), (80, TCP, "10.0.0.1"), True),
        ((80, TCP, "10.0.0.1"), (80, TCP, ""), True),
        ((80, TCP, ""), (80, TCP, "10.0.0.1"), True),
        ((80, TCP, "0.0.0.0"), (80, TCP, "10.0.0.1"), True),
        ((80, TCP, "10.0.0.1"), (80, TCP, "::"), True),
    ],
)
def test_a_host_port_is_taken_once_per_address_and_protocol(wanted: tuple, taken: tuple, clash: bool) -> None:
    reason = why_not(make_pod(ports=[wanted]), make_node(), make_pod(ports=[taken]))
    assert reason == ("host port 80 is taken" if clash else None)


def test_a_taken_udp_port_is_named_as_such() -> None:
    pod = make_pod(ports=[(53, UDP, "")])
    assert why_not(pod, make_node(), pod) == "host port 53/UDP is taken"


def test_ports_that_are_not_published_clash_with_nothing() -> None:
    assert why_not(make_pod(ports=[0]), make_node(), make_pod(ports=[0])) is None


@pytest.mark.parametrize(
    ("pod", "node", "placed", "reason"),
    [
        (make_pod(cpu="1"), make_node(cpu="1"), [], None),
        (make_pod(cpu="1001m"), make_node(cpu="1"), [], "fewer than 1.001 cores free"),
        (make_pod(cpu="600m"), make_node(cpu="1"), [make_pod(cpu="500m")], "fewer than 0.6 cores free"),
        (make_pod(memory="1Gi"), make_node(memory="1Gi"), [make_pod(cpu="1")], None),
        (make_pod(memory="2"), make_node(memory="1"), [], "less than 2 bytes of memory free"),
        (make_pod(cpu="9"), make_node(cpu="0"), [], None),
        (make_pod(), make_node(cpu="1"), [make_pod(cpu="3")], None),
        (make_pod(memory="1"), make_node(cpu="1"), [make_pod(cpu="3")], "no cpu left"),
    ],
    ids=["all of it", "too much", "beside others", "exactly", "memory", "no limit", "asks nothing", "overbooked"],
)
def test_cpu_and_memory(pod: pod_pb2.Pod, node: node_pb2.Node, placed: list, reason: str | None) -> None:
    assert why_not(pod, node, *placed) == reason


def test_limits_count_before_requests() -> None:
    pod = make_pod(cpu="2")
    pod.spec.containers[0].resources.requests.update({"cpu": "1", "memory": "64Mi"})
    demand = Demand.of(pod)
    assert (demand.cpu, demand.memory) == (2000, 64 << 20)


def test_all_containers_count() -> None:
    pod = make_pod(cpu="1", memory="1Ki", ports=[80])
    pod.spec.containers.append(make_pod(cpu="1m", memory="1", ports=[81]).spec.containers[0])
    demand = Demand.of(pod)
    assert (demand.cpu, demand.memory, [port.port for port in demand.ports]) == (1001, 1025, [80, 81])


def test_what_the_kubelet_holds_back_is_not_given_away() -> None:
    node = make_node(cpu="4")
    node.status.allocatable["cpu"] = "3"
    assert why_not(make_pod(cpu="4"), node) == "fewer than 4 cores free"


def test_a_node_may_limit_the_number_of_pods() -> None:
    assert why_not(make_pod(), make_node(pods="2"), make_pod()) is None
    assert why_not(make_pod(), make_node(pods="2"), make_pod(), make_pod()) == "no room beside 2 pods"


def test_a_node_selector_wants_every_label() -> None:
    node = make_node(labels={"disk": "ssd", "zone": "a"})
    assert why_not(make_pod(selector={"disk": "ssd", "zone": "a"}), node) is None
    assert why_not(make_pod(selector={"disk": "ssd", "zone": "b"}), node) == "label zone=b is missing"
    assert why_not(make_pod(selector={"gpu": "1", "zone": "b"}), node) == "label gpu=1,zone=b is missing"


@pytest.mark.parametrize(
    ("wants_to_read", "reads", "clash"),
    [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
)
def test_a_disk_has_one_writer_or_many_readers(wants_to_read: bool, reads: bool, clash: bool) -> None:
    def with_disk(read_only: bool) -> pod_pb2.Pod:
        pod = make_pod()
        disk = pod_pb2.GCEPersistentDiskVolumeSource(pd_name="data", read_only=read_only)
        pod.spec.volumes.add(name="v", gce_persistent_disk=disk)
        return pod

    reason = why_not(with_disk(wants_to_read), make_node(), with_disk(reads))
    assert reason == ("disk data is in use" if clash else None)
