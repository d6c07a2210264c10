from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from peapod.common.demand import Demand
from peapod.scheduler.cluster import Cluster, NodeFacts
from tests.support.objects import FALSE, make_node, make_pod
from tests.unit.scheduler.test_pick import DEMANDS, FACTS, NODES

KEYS = st.sampled_from([("default", name) for name in "abcde"])


class IncrementalCluster(RuleBasedStateMachine):
    """Whatever happens, the picture is the one that a newcomer would draw from what is there now."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster()
        self.nodes: dict[str, NodeFacts] = {}
        self.pods: dict[tuple[str, str], tuple[str, Demand]] = {}

    @rule(name=st.sampled_from(NODES), facts=FACTS)
    def node(self, name: str, facts: NodeFacts) -> None:
        before = self.nodes.get(name)
        self.nodes[name] = facts
        assert self.cluster.set_node(name, facts) == (not facts.obstacle and facts != before)

    @rule(name=st.sampled_from(NODES))
    def node_gone(self, name: str) -> None:
        self.nodes.pop(name, None)
        self.cluster.remove_node(name)

    @rule(key=KEYS, name=st.sampled_from(NODES), demand=DEMANDS)
    def placed(self, key: tuple[str, str], name: str, demand: Demand) -> None:
        before = self.pods.get(key)
        self.pods[key] = (name, demand)
        assert self.cluster.place(key, name, demand) == (before[0] if before and before[0] != name else None)

    @rule(key=KEYS)
    def gone(self, key: tuple[str, str]) -> None:
        before = self.pods.pop(key, None)
        assert self.cluster.remove(key) == (before[0] if before else None)

    @invariant()
    def equals_one_built_from_scratch(self) -> None:
        fresh = Cluster()
        for name, facts in self.nodes.items():
            fresh.set_node(name, facts)
        for key, (name, demand) in self.pods.items():
            fresh.place(key, name, demand)
        assert self.cluster == fresh


TestIncrementalCluster = IncrementalCluster.TestCase


def test_a_heartbeat_that_changes_nothing_helps_nobody() -> None:
    cluster = Cluster()
    node = make_node()
    assert cluster.set_node("n", NodeFacts.of(node))
    node.metadata.resource_version = 7
    node.status.conditions[0].last_heartbeat_time.GetCurrentTime()
    assert not cluster.set_node("n", NodeFacts.of(node))


def test_only_a_change_that_leaves_the_node_usable_helps() -> None:
    cluster = Cluster()
    cluster.set_node("n", NodeFacts.of(make_node()))
    assert not cluster.set_node("n", NodeFacts.of(make_node(ready=FALSE)))
    assert cluster.set_node("n", NodeFacts.of(make_node()))
    assert cluster.set_node("n", NodeFacts.of(make_node(labels={"disk": "ssd"})))


def test_pods_count_before_their_node_is_known_and_after_it_is_gone() -> None:
    cluster = Cluster()
    pod = Demand.of(make_pod(ports=[80]))
    cluster.place(("default", "preset"), "n", pod)
    assert not cluster.usable
    assert not cluster.obstacles
    cluster.set_node("n", NodeFacts.of(make_node()))
    (state,) = cluster.usable
    assert state.publishes(pod.ports[0])
    cluster.remove_node("n")
    cluster.set_node("n", NodeFacts.of(make_node()))
    (state,) = cluster.usable
    assert state.publishes(pod.ports[0])
