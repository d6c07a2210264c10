from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from peapod.scheduler.assumed import EXPIRY, Decision
from peapod.scheduler.planner import Planner
from peapod.scheduler.queue import Pending
from peapod.v1 import pod_pb2
from tests.support.objects import FALSE, make_node, make_pod
from tests.unit.scheduler.test_queue import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def planner(clock: Clock) -> Planner:
    return Planner(Random(1), clock)


def decided(planner: Planner) -> dict[str, str]:
    return {decision.pod.key[1]: decision.node for decision in planner.decide(100).decisions}


def test_a_pod_is_decided_on_once(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    planner.pod_changed(make_pod("a"))
    assert decided(planner) == {"a": "n1"}
    planner.pod_changed(make_pod("a", labels={"changed": "meanwhile"}))
    assert decided(planner) == {}


def test_a_decision_counts_at_once(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    planner.node_changed(make_node("n2"))
    for name in "abc":
        planner.pod_changed(make_pod(name, ports=[8888]))
    plan = planner.decide(100)
    assert sorted(decision.node for decision in plan.decisions) == ["n1", "n2"]
    assert [refusal.why for refusal in plan.refusals] == ["no node fits: 2 nodes: host port 8888 is taken (n1, n2)"]


def test_a_batch_has_its_limit(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    for number in range(5):
        planner.pod_changed(make_pod(str(number)))
    assert [(len(plan.decisions), plan.more) for plan in (planner.decide(2) for _ in range(3))] == [
        (2, True),
        (2, True),
        (1, False),
    ]


def test_a_preset_pod_only_counts(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    planner.pod_changed(make_pod("preset", node="n1", ports=[80]))
    planner.pod_changed(make_pod("a", ports=[80]))
    assert decided(planner) == {}


@pytest.mark.parametrize("phase", [pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED])
def test_a_finished_pod_frees_what_it_had(planner: Planner, phase: pod_pb2.PodPhase) -> None:
    planner.node_changed(make_node("n1"))
    planner.pod_changed(make_pod("first", node="n1", ports=[80]))
    planner.pod_changed(make_pod("a", ports=[80]))
    assert decided(planner) == {}
    planner.pod_changed(make_pod("first", node="n1", ports=[80], phase=phase))
    assert decided(planner) == {"a": "n1"}


def test_a_pod_that_is_deleted_while_it_waits_is_dropped(planner: Planner) -> None:
    planner.pod_changed(make_pod("a"))
    assert decided(planner) == {}
    planner.pod_gone(("default", "a"))
    planner.node_changed(make_node("n1"))
    assert decided(planner) == {}


def test_a_pod_that_is_being_deleted_gets_no_node(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    pod = make_pod("a")
    planner.pod_changed(pod)
    pod.metadata.deletion_timestamp.GetCurrentTime()
    planner.pod_changed(pod)
    assert decided(planner) == {}


def test_a_new_pod_of_the_same_name_is_another(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    planner.pod_changed(make_pod("a", uid="old", ports=[80]))
    (old,) = planner.decide(100).decisions
    planner.pod_changed(make_pod("a", uid="new", ports=[80]))
    assert not planner.stands(old)
    (new,) = planner.decide(100).decisions
    assert (new.pod.uid, new.node) == ("new", "n1")
    planner.failed(old)
    assert planner.stands(new)


def test_what_the_watch_shows_wins_over_what_was_assumed(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    planner.pod_changed(make_pod("a", ports=[80]))
    planner.pod_changed(make_pod("b", ports=[80]))
    assert decided(planner) == {"a": "n1"}
    planner.pod_changed(make_pod("a", node="n2", ports=[80]))
    assert decided(planner) == {"b": "n1"}


def test_a_failed_binding_frees_the_room_and_comes_back(planner: Planner, clock: Clock) -> None:
    planner.node_changed(make_node("n1"))
    planner.pod_changed(make_pod("a", ports=[80]))
    planner.pod_changed(make_pod("b", ports=[80]))
    (a,) = planner.decide(100).decisions
    planner.failed(a)
    assert not planner.stands(a)
    assert decided(planner) == {"b": "n1"}
    planner.pod_gone(("default", "b"))
    assert decided(planner) == {}
    clock.now = planner.next_due()
    assert decided(planner) == {"a": "n1"}


def test_a_binding_that_is_never_seen_expires(planner: Planner, clock: Clock) -> None:
    planner.node_changed(make_node("n1"))
    planner.pod_changed(make_pod("a"))
    (a,) = planner.decide(100).decisions
    assert planner.next_due() is None, "while the call runs, nothing expires"
    planner.bound(a)
    assert planner.next_due() == EXPIRY
    clock.now = EXPIRY
    assert planner.expire() == [a]
    assert planner.expire() == []
    clock.now = planner.next_due()
    assert decided(planner) == {"a": "n1"}


def test_a_seen_binding_never_expires(planner: Planner, clock: Clock) -> None:
    planner.node_changed(make_node("n1"))
    planner.pod_changed(make_pod("a"))
    (a,) = planner.decide(100).decisions
    planner.pod_changed(make_pod("a", node="n1"))
    planner.bound(a)
    assert planner.next_due() is None
    clock.now = 1e6
    assert planner.expire() == []


def test_reasons_are_told_when_they_are_new(planner: Planner, clock: Clock) -> None:
    def told() -> list[str]:
        return [refusal.why for refusal in planner.decide(100).refusals]

    planner.pod_changed(make_pod("a", cpu="4"))
    assert told() == ["no node fits: there are none"]
    planner.node_changed(make_node("n1", cpu="2"))
    assert told() == []
    clock.now = planner.next_due()
    assert told() == ["no node fits: 1 node: fewer than 4 cores free (n1)"]
    planner.node_changed(make_node("n1", cpu="3"))
    clock.now = 1000
    assert told() == []
    planner.node_changed(make_node("n1", cpu="4"))
    assert decided(planner) == {"a": "n1"}


def test_a_heartbeat_wakes_nobody(planner: Planner) -> None:
    planner.node_changed(make_node("n1", cpu="1"))
    planner.pod_changed(make_pod("a", cpu="4"))
    planner.decide(100)
    heartbeat = make_node("n1", cpu="1")
    heartbeat.status.conditions[0].last_heartbeat_time.GetCurrentTime()
    planner.node_changed(heartbeat)
    planner.decide(100)
    assert planner.next_due() is None


def test_a_node_that_goes_gets_nothing_more(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    planner.node_changed(make_node("n2"))
    planner.node_changed(make_node("n1", ready=FALSE))
    planner.node_gone("n2")
    planner.pod_changed(make_pod("a"))
    assert [refusal.why for refusal in planner.decide(100).refusals] == ["no node fits: 1 node: not ready (n1)"]


def test_a_pod_that_nobody_can_decide_on_stops_nobody_else(
    planner: Planner, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    planner.node_changed(make_node("n1"))
    planner.queue.add(Pending(("default", "broken"), "1", demand=None))  # type: ignore[arg-type]
    planner.pod_changed(make_pod("a"))
    assert decided(planner) == {"a": "n1"}
    assert "cannot decide on pod default/broken" in caplog.text
    assert planner.next_due() == 1


NAMES = st.sampled_from("abcdef")
NODES = st.sampled_from(["n1", "n2", "n3"])


class Cluster(RuleBasedStateMachine):
    """An apiserver whose answers and watch come late, in any order that it allows."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.planner = Planner(Random(1), self.clock)
        self.stored: dict[str, pod_pb2.Pod] = {}
        self.nodes: dict[str, bool] = {}
        self.watch: list[tuple[str, pod_pb2.Pod | None]] = []
        self.calls: list[Decision] = []
        self.uids = 0

    @rule(name=NAMES, port=st.sampled_from([0, 80, 81]), cpu=st.sampled_from(["", "1", "3"]))
    def create(self, name: str, port: int, cpu: str) -> None:
        if name not in self.stored:
            self.uids += 1
            self.stored[name] = make_pod(name, uid=str(self.uids), ports=[port], cpu=cpu)
            self.publish(name)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if self.stored.pop(name, None):
            self.publish(name)

    @rule(name=NODES, ready=st.booleans())
    def node(self, name: str, ready: bool) -> None:
        self.nodes[name] = ready
        self.planner.node_changed(make_node(name) if ready else make_node(name, ready=FALSE))

    @precondition(lambda self: self.watch)
    @rule()
    def see(self) -> None:
        name, pod = self.watch.pop(0)
        if pod is None:
            self.planner.pod_gone(("default", name))
        else:
            self.planner.pod_changed(pod)

    @rule(most=st.integers(1, 3))
    def decide(self, most: int) -> None:
        self.clock.now += 100
        before = set(self.ready_nodes())
        decisions = self.planner.decide(most).decisions
        assert {decision.node for decision in decisions} <= before
        self.calls += decisions

    @precondition(lambda self: self.calls)
    @rule(fails=st.booleans())
    def bind(self, fails: bool) -> None:
        decision = self.calls.pop(0)
        pod = self.stored.get(decision.pod.key[1])
        if not fails and pod is not None and pod.metadata.uid == decision.pod.uid:
            assert not pod.spec.node_name, "a bound pod is never bound again"
            pod.spec.node_name = decision.node
            self.publish(pod.metadata.name)
            self.planner.bound(decision)
        else:
            self.planner.failed(decision)

    def publish(self, name: str) -> None:
        pod = self.stored.get(name)
        copy = pod_pb2.Pod.FromString(pod.SerializeToString()) if pod else None
        self.watch.append((name, copy))

    def ready_nodes(self) -> list[str]:
        return [name for name, ready in self.nodes.items() if ready]

    @invariant()
    def nothing_is_given_away_twice(self) -> None:
        """Deletions may be seen late, but they only ever leave room unused."""
        ports: Counter[tuple[str, int]] = Counter()
        cpu: Counter[str] = Counter()
        for pod in self.stored.values():
            for port in pod.spec.containers[0].ports:
                ports[pod.spec.node_name, port.host_port] += bool(port.host_port and pod.spec.node_name)
            cpu[pod.spec.node_name] += int(pod.spec.containers[0].resources.limits.get("cpu", 0))
        assert not ports or max(ports.values()) <= 1
        assert all(total <= 4 for node, total in cpu.items() if node)

    def teardown(self) -> None:
        """Once all is seen and answered, whoever still waits really fits nowhere."""
        for name in ("n1", "n2", "n3"):
            self.node(name, True)
        for _ in range(30):
            while self.watch:
                self.see()
            while self.calls:
                self.bind(False)
            self.decide(10)
        assert not self.calls
        waiting = [pod for pod in self.stored.values() if not pod.spec.node_name]
        assert len(waiting) == len(self.planner.queue)
        for pod in waiting:
            assert all(not self.takes(name, pod) for name in self.nodes), f"{pod.metadata.name} waits for nothing"

    def takes(self, node: str, pod: pod_pb2.Pod) -> bool:
        there = [other for other in self.stored.values() if other.spec.node_name == node]
        wanted = pod.spec.containers[0]
        cpu = sum(int(other.spec.containers[0].resources.limits.get("cpu", 0)) for other in there)
        ports = {other.spec.containers[0].ports[0].host_port for other in there} - {0}
        fits = cpu + int(wanted.resources.limits.get("cpu", 0)) <= 4
        return fits and wanted.ports[0].host_port not in ports


Cluster.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestCluster = Cluster.TestCase
