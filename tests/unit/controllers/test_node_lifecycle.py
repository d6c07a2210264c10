from __future__ import annotations

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from peapod.controllers.nodes.lifecycle import Sightings, decide, mark
from peapod.controllers.nodes.sight import Sight
from peapod.v1 import meta_pb2, node_pb2
from tests.support.objects import FALSE, TRUE, UNKNOWN, make_node

GRACE, BLIND = 40.0, 15.0
NOW = Timestamp(seconds=1_000_000)


def heard(name: str = "n", at: int = 1, ready: meta_pb2.ConditionStatus | None = TRUE) -> node_pb2.Node:
    node = make_node(name, ready=ready)
    node.metadata.resource_version = at
    if ready is not None:
        node.status.conditions[0].last_heartbeat_time.seconds = at
    return node


@pytest.fixture
def sightings() -> Sightings:
    return Sightings(Sight(BLIND))


def lost(sightings: Sightings, now: float, *nodes: node_pb2.Node) -> dict[str, float]:
    return {one.node.metadata.name: one.silent for one in decide(nodes, sightings, now, GRACE)}


@pytest.mark.parametrize("ready", [TRUE, FALSE, None])
def test_a_node_is_lost_after_the_grace(sightings: Sightings, ready: meta_pb2.ConditionStatus | None) -> None:
    node = heard(ready=ready)
    sightings.see(node, 100)
    assert lost(sightings, 140, node) == {}
    assert lost(sightings, 141, node) == {"n": 41}


def test_a_heartbeat_starts_the_grace_anew(sightings: Sightings) -> None:
    sightings.see(heard(at=1), 100)
    node = heard(at=2)
    sightings.see(node, 130)
    assert lost(sightings, 170, node) == {}


def test_a_change_by_others_is_no_sign_of_life(sightings: Sightings) -> None:
    sightings.see(heard(), 100)
    node = heard()
    node.metadata.labels["touched"] = "by-a-user"
    sightings.see(node, 130)
    assert lost(sightings, 141, node) == {"n": 41}


def test_clocks_of_others_are_never_believed(sightings: Sightings) -> None:
    sightings.see(heard(at=2_000_000_000), 100)
    back = heard(at=1)
    sightings.see(back, 130)
    assert lost(sightings, 170, back) == {}
    assert lost(sightings, 171, back) == {"n": 41}


def test_a_marked_node_is_not_marked_again(sightings: Sightings) -> None:
    node = heard(ready=UNKNOWN)
    sightings.see(node, 0)
    assert lost(sightings, 1000, node) == {}


def test_a_node_that_is_seen_first_has_its_whole_grace(sightings: Sightings) -> None:
    assert lost(sightings, 1000, heard()) == {}
    sightings.see(heard(), 0)
    sightings.forget("n")
    sightings.see(heard(), 1000)
    assert lost(sightings, 1040, heard()) == {}


def test_nobody_is_silent_while_we_are_blind(sightings: Sightings) -> None:
    node = heard()
    sightings.looked(0)
    sightings.see(node, 0)
    assert not sightings.looked(5)
    assert not sightings.looked(20)
    assert sightings.looked(300)
    assert lost(sightings, 300, node) == {}
    assert lost(sightings, 340, node) == {}
    assert lost(sightings, 341, node) == {"n": 41}


def test_an_outage_before_the_first_look_counts_as_blindness(sightings: Sightings) -> None:
    sightings.see(heard(), 0)
    assert not sightings.looked(100)
    assert lost(sightings, 140, heard()) == {}


@given(gaps=st.lists(st.floats(0.1, 100), max_size=30), dead=st.booleans())
def test_whoever_is_heard_in_time_is_never_lost(gaps: list[float], dead: bool) -> None:
    """Looks come at any pace; a node reports whenever the store answers, but for one that died at the start."""
    sightings, now, node = Sightings(Sight(BLIND)), 0.0, heard()
    sightings.see(node, now)
    sightings.looked(now)
    seeing = 0.0
    for number, gap in enumerate(gaps, 2):
        now += gap
        if not dead:
            node = heard(at=number)
            sightings.see(node, now)
        seeing = 0.0 if sightings.looked(now) else seeing + gap
        assert bool(lost(sightings, now, node)) == (dead and seeing > GRACE + 1e-9)


def test_the_mark_says_unknown_and_leaves_the_rest() -> None:
    node = heard()
    node.status.conditions.add(type="OutOfDisk", status=FALSE)
    node.status.addresses.add(type="InternalIP", address="10.0.0.1")
    before = node_pb2.Node.FromString(node.SerializeToString())
    (one,) = decide([node], _silent_since_0(node), 47, GRACE)
    marked = mark(one, NOW)
    assert node == before, "the informer's object is everybody's"
    assert (marked.metadata.name, marked.metadata.resource_version) == ("n", 1)
    ready = marked.status.conditions[0]
    assert (ready.status, ready.reason) == (UNKNOWN, "NodeStatusUnknown")
    assert ready.message == "the node has not reported for 47 s"
    assert ready.last_transition_time == NOW
    assert ready.last_heartbeat_time.seconds == 1
    ready.CopyFrom(before.status.conditions[0])
    assert marked.status == before.status


def test_a_node_that_never_reported_is_marked_too() -> None:
    node = heard(ready=None)
    (one,) = decide([node], _silent_since_0(node), 47, GRACE)
    assert [(condition.type, condition.status) for condition in mark(one, NOW).status.conditions] == [
        ("Ready", UNKNOWN)
    ]


def _silent_since_0(node: node_pb2.Node) -> Sightings:
    sightings = Sightings(Sight(BLIND))
    sightings.see(node, 0)
    return sightings
