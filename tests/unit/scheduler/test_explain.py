"""Every node judged for a pod, all that is against it with its cause, and a sentence that sums it up."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.common.demand import Demand
from peapod.rules.mirror import MIRROR
from peapod.scheduler.cluster import Cluster, NodeFacts
from peapod.scheduler.explain import explain, judge
from peapod.scheduler.pick import pick
from peapod.scheduler.planner import Planner
from peapod.scheduler.predicates import NAMES, size
from peapod.scheduler.standing import Origin, Stage, Standing
from peapod.v1 import node_pb2, pod_pb2
from peapod.v1.placement_pb2 import Placement
from tests.support.objects import FALSE, UDP, UNKNOWN, make_node, make_pod
from tests.unit.scheduler.test_pick import DEMANDS, FACTS, NODES
from tests.unit.scheduler.test_queue import Clock

WAITS = Standing(Stage.WAITING)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def planner(clock: Clock) -> Planner:
    """One that sees every pod from its creation on."""
    planner = Planner(Random(1), clock)
    planner.watching = True
    return planner


def asked(planner: Planner, pod: pod_pb2.Pod) -> Placement:
    return explain(pod, planner.cluster, planner.standing(pod))


def why_not(placement: Placement, node: str) -> list[tuple[str, str]]:
    (verdict,) = (verdict for verdict in placement.nodes if verdict.node_name == node)
    return [(failure.predicate, failure.reason) for failure in verdict.failures]


def with_disk(name: str, *, read_only: bool, node: str = "") -> pod_pb2.Pod:
    pod = make_pod(name, node=node)
    source = pod_pb2.GCEPersistentDiskVolumeSource(pd_name="d1", read_only=read_only)
    pod.spec.volumes.add(name="v", gce_persistent_disk=source)
    return pod


def not_ready(message: str) -> node_pb2.Node:
    node = make_node("n1", ready=UNKNOWN, unschedulable=True)
    node.status.conditions[0].message = message
    return node


def test_all_that_is_against_a_node_is_said(planner: Planner) -> None:
    planner.node_changed(make_node("n1", cpu="4", memory="1Gi"))
    planner.pod_changed(make_pod("web", node="n1", cpu="3500m", memory="1000Mi", ports=[8080, (53, UDP, "")]))
    planner.pod_changed(with_disk("db", read_only=False, node="n1"))
    wanted = with_disk("new", read_only=True)
    wanted.spec.containers[0].CopyFrom(make_pod(cpu="2", memory="64Mi", ports=[8080, (53, UDP, "")]).spec.containers[0])
    wanted.spec.node_selector.update({"tier": "web"})
    planner.pod_changed(wanted)
    assert why_not(asked(planner, wanted), "n1") == [
        ("PodFitsResources", "fewer than 2 cores free: 0.5 of 4"),
        ("PodFitsResources", "less than 64Mi of memory free: 24Mi of 1Gi"),
        ("MatchNodeSelector", "label tier=web is missing"),
        ("PodFitsPorts", "host port 8080 is taken by default/web"),
        ("PodFitsPorts", "host port 53/UDP is taken by default/web"),
        ("NoDiskConflict", "disk d1 is in use by default/db, which writes to it"),
    ]


def test_what_ails_a_node_is_said_with_what_is_known_of_it(planner: Planner) -> None:
    planner.node_changed(not_ready("the kubelet has been silent for 40 s"))
    planner.node_changed(make_node("n2", ready=None))
    planner.node_changed(make_node("n3", cpu="much"))
    placement = asked(planner, make_pod("web"))
    assert why_not(placement, "n1") == [
        ("NodeUsable", "unschedulable: an operator has closed it"),
        ("NodeUsable", "not ready: the kubelet has been silent for 40 s"),
    ]
    assert why_not(placement, "n2") == [("NodeUsable", "not ready, it has not reported yet")]
    assert why_not(placement, "n3")[0][1].startswith("it reports a bad quantity")


def test_readers_of_a_disk_keep_a_writer_out(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    for number in range(5):
        planner.pod_changed(with_disk(f"r{number}", read_only=True, node="n1"))
    said = "disk d1 is in use by default/r0, default/r1, default/r2 and 2 more, to read it"
    assert why_not(asked(planner, with_disk("w", read_only=False)), "n1") == [("NoDiskConflict", said)]
    assert why_not(asked(planner, with_disk("r", read_only=True)), "n1") == []


def test_a_full_node(planner: Planner) -> None:
    planner.node_changed(make_node("n1", pods="1", cpu="1"))
    planner.pod_changed(make_pod("big", node="n1", cpu="3"))
    reasons = ["no room beside 1 pods", "no cpu left: 0 of 1"]
    assert [reason for _, reason in why_not(asked(planner, make_pod(memory="1")), "n1")] == reasons


def test_nodes_that_fit_have_scores(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    planner.node_changed(make_node("n2"))
    planner.pod_changed(make_pod("web-1", node="n2", cpu="2", memory="4Gi", labels={"app": "web"}))
    placement = asked(planner, make_pod("web-2", labels={"app": "web"}))
    told = [(verdict.node_name, [(s.priority, s.score, s.weight) for s in verdict.scores], verdict.total)
            for verdict in placement.nodes]  # fmt: skip
    assert told == [
        ("n1", [("LeastRequestedPriority", 10, 1), ("SpreadingPriority", 10, 1)], 20),
        ("n2", [("LeastRequestedPriority", 5, 1), ("SpreadingPriority", 0, 1)], 5),
    ]


def test_a_node_that_has_the_pod_is_judged_as_if_it_had_not(planner: Planner) -> None:
    planner.node_changed(make_node("n1", cpu="1", pods="1"))
    pod = make_pod("web", node="n1", cpu="1", ports=[80], labels={"app": "web"})
    planner.pod_changed(pod)
    placement = asked(planner, pod)
    assert (why_not(placement, "n1"), placement.nodes[0].total, placement.node_name) == ([], 15, "n1")
    assert why_not(asked(planner, make_pod("other", ports=[80])), "n1") != [], "it still counts"


def test_a_pod_that_waits(planner: Planner, clock: Clock) -> None:
    pod = make_pod("web", ports=[80])
    assert asked(planner, pod).summary == "the scheduler has not seen it yet"
    planner.pod_changed(pod)
    assert asked(planner, pod).summary == "no node fits: there are none; its turn comes next"
    planner.decide(1)
    assert asked(planner, pod).summary == "no node fits: there are none; it waits until a node changes"
    planner.node_changed(make_node("n1"))
    planner.pod_changed(make_pod("other", node="n1", ports=[80]))
    planner.decide(1)
    why = "no node fits: 1 node: host port 80 is taken by default/other (n1)"
    assert asked(planner, pod).summary == f"{why}; its turn comes in 1 s"
    planner.pod_gone(("default", "other"))
    assert asked(planner, pod).summary == "fits on n1; its turn comes in 1 s"
    (decision,) = planner.decide(1).decisions
    assert asked(planner, pod).summary == "n1 was chosen for it a moment ago"
    planner.failed(decision)
    assert asked(planner, pod).summary == "fits on n1; its turn comes in 2 s"


def test_another_pod_of_that_name_is_not_taken_for_it(planner: Planner) -> None:
    planner.pod_changed(make_pod("web", uid="old"))
    assert planner.standing(make_pod("web", uid="new")).stage is Stage.UNSEEN


def test_a_pod_that_was_bound(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    planner.pod_changed(make_pod("web", cpu="4"))
    planner.decide(1)
    pod = make_pod("web", node="n1", cpu="4")
    planner.pod_changed(pod)
    assert asked(planner, pod).summary == "bound to n1, which fits with score 15 of 20"
    planner.node_changed(make_node("n2", cpu="8"))
    assert asked(planner, pod).summary == "bound to n1, which fits with score 15 of 20; n2 has 17 now"
    planner.node_changed(make_node("n1", ready=FALSE))
    assert asked(planner, pod).summary == "bound to n1, which would not take it now: not ready"
    planner.node_gone("n1")
    assert asked(planner, pod).summary == "bound to n1, which is not registered"


def test_a_pod_that_came_with_its_node(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    planner.node_changed(make_node("n2"))
    pod = make_pod("web", node="n1")
    planner.pod_changed(pod)
    placement = asked(planner, pod)
    assert placement.summary == "it was created for n1, past the scheduler, which fits with score 20 of 20"
    assert why_not(placement, "n2") == [("HostName", "the pod names node n1")]


def test_a_mirror_pod_is_its_nodes_affair(planner: Planner) -> None:
    planner.node_changed(make_node("n1"))
    pod = make_pod("web-n1", node="n1")
    pod.metadata.annotations[MIRROR] = "uid"
    assert asked(planner, pod).summary.startswith("n1 runs it from a manifest of its own, and asks nobody")


def test_where_a_pod_is_from_is_not_guessed() -> None:
    planner = Planner(Random(1))
    planner.node_changed(make_node("n1"))
    pod = make_pod("web", node="n1")
    planner.pod_changed(pod)
    planner.watching = True
    planner.pod_changed(pod)
    assert planner.standing(pod) == Standing(Stage.PLACED, "n1", Origin.UNKNOWN)


@pytest.mark.parametrize(
    ("pod", "said"),
    [
        (make_pod("web", node="n1", phase=pod_pb2.POD_PHASE_FAILED), "it is over; its node was n1"),
        (make_pod("web", phase=pod_pb2.POD_PHASE_FAILED), "it gets no node any more"),
        (make_pod("web", cpu="much"), "it asks for something that is no quantity: 'much' is not a quantity such as"),
    ],
)
def test_a_pod_that_needs_no_node_or_gets_none(planner: Planner, pod: pod_pb2.Pod, said: str) -> None:
    assert asked(planner, pod).summary.startswith(said)


def test_a_pod_that_is_being_deleted(planner: Planner) -> None:
    pod = make_pod("web")
    pod.metadata.deletion_timestamp.GetCurrentTime()
    assert asked(planner, pod).summary == "it gets no node any more"


@given(
    facts=st.dictionaries(st.sampled_from(NODES), FACTS),
    placed=st.lists(st.tuples(st.sampled_from(NODES), DEMANDS), max_size=6),
    demand=DEMANDS,
)
def test_an_explanation_agrees_with_the_decision(
    facts: dict[str, NodeFacts], placed: list[tuple[str, Demand]], demand: Demand
) -> None:
    """A node has something against it just when the pick refuses it, in words that begin as the pick's."""
    cluster, again = Cluster(), Cluster()
    for each in (cluster, again):
        for number, (node, other) in enumerate(placed):
            each.place(("default", str(number)), node, other)
        for name, said in facts.items():
            each.set_node(name, said)
    refusals = pick(demand, cluster, Random(1)).refusals
    verdicts = {verdict.node_name: verdict for verdict in judge(demand, cluster, WAITS)}
    assert set(verdicts) == set(facts)
    for name, verdict in verdicts.items():
        assert bool(verdict.failures) == (name in refusals)
        assert not verdict.failures or verdict.failures[0].reason.startswith(refusals[name])
    if fitting := {name: verdict.total for name, verdict in verdicts.items() if not verdict.failures}:
        chosen = pick(demand, cluster, Random(2)).node
        assert fitting[chosen or ""] == max(fitting.values())
    for number in range(len(placed)):
        cluster.without(("default", str(number)))
    assert cluster == again, "looking changes nothing"


@given(
    placed=st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.sampled_from(NODES), DEMANDS)),
    key=st.sampled_from("abcdef"),
)
def test_a_cluster_without_a_pod_is_one_that_never_had_it(placed: dict[str, tuple[str, Demand]], key: str) -> None:
    whole, part = Cluster(), Cluster()
    for cluster in (whole, part):
        for name in NODES:
            cluster.set_node(name, NodeFacts(cpu=5, memory=5))
    for name, (node, demand) in placed.items():
        whole.place(("default", name), node, demand)
        if name != key:
            part.place(("default", name), node, demand)
    assert whole.without(("default", key)) == part


def test_every_predicate_has_one_of_the_names_that_the_field_knows() -> None:
    known = {"NodeUsable", "PodFitsResources", "MatchNodeSelector", "PodFitsPorts", "NoDiskConflict"}
    assert set(NAMES.values()) == known


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1Ki"), (1536, "1.5Ki"), (8 << 30, "8Gi")]
)
def test_bytes_are_written_as_people_say_them(count: int, said: str) -> None:
    assert size(count) == said
