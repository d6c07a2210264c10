from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.common.demand import ANY_IP, Demand, Disk, HostPort
from peapod.scheduler.cluster import Cluster, NodeFacts
from peapod.scheduler.pick import WEIGHTS, fits_any, pick, sum_up
from peapod.scheduler.predicates import ALL, refusal
from peapod.scheduler.priorities import equal, least_requested
from tests.support.objects import make_node, make_pod

PORTS = st.builds(
    HostPort, st.sampled_from([80, 81]), st.sampled_from(["TCP", "UDP"]), st.sampled_from([ANY_IP, "::1", "::2"])
)
LABELS = st.frozensets(st.sampled_from([("a", "1"), ("b", "1")]))
DEMANDS = st.builds(
    Demand,
    cpu=st.integers(0, 3),
    memory=st.integers(0, 3),
    ports=st.lists(PORTS, max_size=2).map(tuple),
    disks=st.lists(st.builds(Disk, st.sampled_from(["x", "y"]), st.booleans()), max_size=1).map(tuple),
    selector=LABELS,
    group=st.tuples(st.just("default"), LABELS),
)
FACTS = st.builds(
    NodeFacts,
    cpu=st.integers(0, 5),
    memory=st.integers(0, 5),
    pods=st.integers(0, 3),
    labels=LABELS,
    obstacle=st.sampled_from(["", "", "not ready"]),
)
NODES = [f"n{number}" for number in range(4)]


@given(
    facts=st.dictionaries(st.sampled_from(NODES), FACTS),
    placed=st.lists(st.tuples(st.sampled_from(NODES), DEMANDS), max_size=6),
    demand=DEMANDS,
    seed=st.integers(0, 3),
)
def test_a_pick_never_breaks_a_predicate_and_refuses_only_what_does(
    facts: dict[str, NodeFacts], placed: list[tuple[str, Demand]], demand: Demand, seed: int
) -> None:
    cluster = Cluster()
    for number, (node, other) in enumerate(placed):
        cluster.place(("default", str(number)), node, other)
    for name, said in facts.items():
        cluster.set_node(name, said)
    choice = pick(demand, cluster, Random(seed))
    truth = {name: refusal(ALL, demand, state) for name, state in cluster._nodes.items() if name in facts}
    assert choice.refusals == {name: reason for name, reason in truth.items() if reason is not None}
    assert (choice.node is None) == all(truth.values())
    assert choice.node is None or truth[choice.node] is None
    assert fits_any(demand, cluster, NODES) == (choice.node is not None)


def test_the_least_used_node_wins() -> None:
    cluster = Cluster()
    for name in ("a", "b"):
        cluster.set_node(name, NodeFacts.of(make_node(name)))
    cluster.place(("default", "other"), "a", Demand.of(make_pod(cpu="2", labels={"app": "db"})))
    assert {pick(Demand.of(make_pod(cpu="1")), cluster, Random(seed)).node for seed in range(20)} == {"b"}


def test_ties_are_broken_by_chance() -> None:
    cluster = Cluster()
    for name in NODES:
        cluster.set_node(name, NodeFacts.of(make_node(name)))
    rng = Random(1)
    seen = Counter(pick(Demand.of(make_pod()), cluster, rng).node for _ in range(200))
    assert set(seen) == set(NODES)


def test_weights_count() -> None:
    cluster = Cluster()
    for name in ("a", "b"):
        cluster.set_node(name, NodeFacts.of(make_node(name)))
    db, web = Demand.of(make_pod(cpu="2", labels={"x": "db"})), Demand.of(make_pod(labels={"x": "web"}))
    cluster.place(("default", "1"), "a", db)
    cluster.place(("default", "2"), "b", web)
    everything_to_use = ((least_requested, 100), *WEIGHTS[1:])
    assert pick(web, cluster, Random(1)).node == "a", "spreading costs b 10, cpu costs a 3"
    assert pick(web, cluster, Random(1), everything_to_use).node == "b"
    assert {pick(web, cluster, Random(seed), ((equal, 1),)).node for seed in range(20)} == {"a", "b"}


@pytest.mark.parametrize(
    ("refusals", "said"),
    [
        ({}, "no node fits: there are none"),
        ({"n1": "not ready"}, "no node fits: 1 node: not ready (n1)"),
        (
            {"n3": "not ready", "n2": "host port 8888 is taken", "n1": "host port 8888 is taken"},
            "no node fits: 2 nodes: host port 8888 is taken (n1, n2); 1 node: not ready (n3)",
        ),
        (
            {f"n{number}": "unschedulable" for number in range(1, 8)},
            "no node fits: 7 nodes: unschedulable (n1, n2, n3, n4, n5 and 2 more)",
        ),
    ],
)
def test_reasons_are_told_in_groups(refusals: dict[str, str], said: str) -> None:
    assert sum_up(refusals) == said
