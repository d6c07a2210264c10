from __future__ import annotations

import pytest

from peapod.common.demand import Demand
from peapod.scheduler.cluster import Cluster, NodeFacts
from peapod.scheduler.priorities import equal, least_requested, spreading
from tests.support.objects import make_node, make_pod


def cluster_of(**nodes: NodeFacts) -> Cluster:
    cluster = Cluster()
    for name, facts in nodes.items():
        cluster.set_node(name, facts)
    return cluster


@pytest.mark.parametrize(
    ("cpu", "memory", "used_cpu", "points"),
    [
        (0, 0, 0, 10),
        (1000, 0, 0, 8),  # cpu 7 of 10 (3000/4000, truncated), memory 10: their mean is 8.5, truncated
        (3000, 5000, 0, 3),  # 2 (1000/4000) and 5
        (1, 0, 0, 9),  # the first thousandth costs a point of cpu, and so half a point in all
        (2000, 0, 2000, 5),  # 0 and 10
        (2000, 10000, 2000, 0),
        (2000, 0, 2001, 5),  # exceeded counts 0
    ],
)
def test_least_requested_is_the_mean_of_what_stays_free(cpu: int, memory: int, used_cpu: int, points: int) -> None:
    cluster = cluster_of(n=NodeFacts(cpu=4000, memory=10000))
    nothing = Demand.of(make_pod())
    cluster.place(("default", "other"), "n", nothing._replace(cpu=used_cpu))
    demand = nothing._replace(cpu=cpu, memory=memory)
    assert least_requested(demand, list(cluster.usable), cluster) == [points]


def test_least_requested_gives_nothing_for_a_resource_without_a_limit() -> None:
    cluster = cluster_of(n=NodeFacts(cpu=0, memory=10000))
    assert least_requested(Demand.of(make_pod()), list(cluster.usable), cluster) == [5]


def test_spreading_prefers_nodes_with_fewer_pods_of_the_same_labels() -> None:
    facts = NodeFacts.of(make_node())
    cluster = cluster_of(a=facts, b=facts, c=facts)
    web = Demand.of(make_pod(labels={"app": "web"}))
    placed = {"1": "a", "2": "a", "3": "a", "4": "b"}
    for name, node in placed.items():
        cluster.place(("default", name), node, web)
    nodes = list(cluster.usable)
    assert spreading(web, nodes, cluster) == [0, 6, 10]
    assert spreading(Demand.of(make_pod(labels={"app": "db"})), nodes, cluster) == [10, 10, 10]
    assert spreading(Demand.of(make_pod(namespace="other", labels={"app": "web"})), nodes, cluster) == [10, 10, 10]


def test_spreading_measures_against_nodes_that_do_not_fit_too() -> None:
    cluster = cluster_of(a=NodeFacts.of(make_node()), closed=NodeFacts.of(make_node(unschedulable=True)))
    web = Demand.of(make_pod(labels={"app": "web"}))
    for name, node in {"1": "a", "2": "closed", "3": "closed"}.items():
        cluster.place(("default", name), node, web)
    assert spreading(web, list(cluster.usable), cluster) == [5]


def test_pods_of_nodes_that_are_gone_do_not_count() -> None:
    facts = NodeFacts.of(make_node())
    cluster = cluster_of(a=facts, b=facts, gone=facts)
    web = Demand.of(make_pod(labels={"app": "web"}))
    for name, node in {"1": "a", "2": "gone", "3": "gone"}.items():
        cluster.place(("default", name), node, web)
    assert spreading(web, list(cluster.usable), cluster) == [5, 10, 0]
    cluster.remove_node("gone")
    assert spreading(web, list(cluster.usable), cluster) == [0, 10]


def test_equal_is_equal() -> None:
    facts = NodeFacts.of(make_node())
    cluster = cluster_of(a=facts, b=facts)
    assert equal(Demand.of(make_pod()), list(cluster.usable), cluster) == [1, 1]
