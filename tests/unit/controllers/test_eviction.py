"""Which nodes' pods are to go, by a clock of our own."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.controllers.nodes.conditions import is_ready
from peapod.controllers.nodes.eviction import Doomed, Waits, decide, is_confirmed, victims
from peapod.rules.mirror import MIRROR
from peapod.v1 import meta_pb2, node_pb2
from tests.support.objects import FALSE, TRUE, UNKNOWN, make_node, make_pod

TIMEOUT, ABSENCE, TOGETHER = 300.0, 40.0, 40.0


def node(
    name: str, ready: meta_pb2.ConditionStatus | None = TRUE, *, marked: int = 0, heard: bool = True
) -> node_pb2.Node:
    made = make_node(name, ready=ready)
    made.metadata.uid = f"uid-{name}"
    for condition in made.status.conditions:
        condition.last_transition_time.seconds = marked
        if heard:
            condition.last_heartbeat_time.seconds = 1
    return made


def silent(name: str, at: int = 0) -> node_pb2.Node:
    return node(name, UNKNOWN, marked=at)


class World:
    """Nodes as they are seen, and the waits for them."""

    def __init__(self, *nodes: node_pb2.Node, now: float = 0) -> None:
        self.waits = Waits(TIMEOUT, ABSENCE)
        self.nodes: dict[str, node_pb2.Node] = {}
        self.see(now, *nodes)

    def see(self, now: float, *nodes: node_pb2.Node) -> None:
        for one in nodes:
            self.nodes[one.metadata.name] = one
            self.waits.see(one, now)

    def lose(self, now: float, name: str) -> None:
        del self.nodes[name]
        self.waits.lose(name, now)

    def hear(self, now: float) -> None:
        """Have every node that is ready say so again."""
        for one in list(self.nodes.values()):
            if is_ready(one):
                beaten = node_pb2.Node()
                beaten.CopyFrom(one)
                beaten.status.conditions[0].last_heartbeat_time.seconds += 1
                self.see(now, beaten)

    def doomed(self, now: float, hosts: Iterable[str] = (), *, heard: bool = True) -> dict[str, float]:
        if heard:
            self.hear(now)
        decision = decide(self.waits, self.nodes, set(hosts), now, TOGETHER)
        return {one.name: one.waited for one in decision.doomed}

    def held(self, now: float) -> str:
        return decide(self.waits, self.nodes, (), now, TOGETHER).held


@pytest.mark.parametrize("trouble", [node("n", UNKNOWN), node("n", FALSE), node("n", None)])
def test_a_node_is_given_up_when_it_was_not_ready_for_too_long(trouble: node_pb2.Node) -> None:
    world = World(node("well"), trouble)
    assert world.doomed(300) == {}
    assert world.doomed(301) == {"n": 301}


def test_silence_and_what_was_said_before_are_one_wait() -> None:
    world = World(node("well"), node("n", FALSE))
    world.see(200, silent("n", at=200))
    assert world.doomed(301) == {"n": 301}


def test_a_moment_of_being_ready_starts_the_wait_anew() -> None:
    world = World(node("well"), silent("n"))
    world.see(299, node("n"))
    world.see(299, silent("n"))
    assert world.doomed(599) == {}
    assert world.doomed(600) == {"n": 301}


def test_a_node_that_is_gone_is_waited_for_a_while_if_it_has_pods() -> None:
    world = World(node("well"), node("n"))
    world.lose(100, "n")
    assert world.doomed(140, {"n"}) == {}
    assert world.doomed(141, {"n"}) == {"n": 41}
    assert world.doomed(142) == {}


def test_a_node_that_never_was_is_waited_for_from_when_its_pods_are_seen() -> None:
    world = World(node("well"))
    assert world.doomed(100, {"n", "well"}) == {}
    assert world.doomed(141, {"n", "well"}) == {"n": 41}


def test_a_node_that_is_registered_again_keeps_its_pods() -> None:
    world = World(node("well"), node("n"))
    world.lose(100, "n")
    world.see(130, node("n"))
    assert world.doomed(500, {"n"}) == {}


def test_after_blindness_all_waits_begin_anew() -> None:
    world = World(node("well"), silent("n"))
    world.doomed(1, {"absent"})
    world.waits.anew(290)
    assert world.doomed(330, {"absent"}) == {}
    assert world.doomed(331, {"absent"}) == {"absent": 41}
    assert world.doomed(590, {"absent"}).keys() == {"absent"}
    assert world.doomed(591).keys() == {"n"}


def test_nobody_is_given_up_for_silence_while_no_node_is_ready() -> None:
    world = World(silent("a"), node("b", FALSE))
    assert world.held(1000) == "no node is ready"
    assert world.doomed(2000, {"absent"}) == {}
    assert world.doomed(2041, {"absent"}) == {"absent": 41}, "that a node is not there is no matter of hearing"
    world.see(2050, node("b"))
    assert world.doomed(2341) == {}, "the time of doubt does not count"
    assert world.doomed(2342) == {"a": 301}


def test_nobody_is_given_up_before_another_was_heard_meanwhile() -> None:
    """Where all are cut off, some are marked before others."""
    world = World(node("a"), node("b"))
    world.hear(99)
    world.see(100, silent("a", at=100))
    assert world.held(500) == ""
    assert world.doomed(500, heard=False) == {}
    world.see(501, node("new"))
    assert world.doomed(501, heard=False) == {}, "whoever is seen for the first time may have been there for long"
    assert world.doomed(502) == {"a": 402}


def test_most_nodes_do_not_die_together() -> None:
    world = World(silent("a", at=0), silent("b", at=10), silent("c", at=39), node("d"), node("e"))
    assert world.held(1000) == "3 nodes went silent at the same time, and only 2 are ready"
    assert world.doomed(1000) == {}
    world.see(1100, node("c"))
    assert world.doomed(1300) == {}
    assert world.doomed(1301).keys() == {"a", "b"}


@pytest.mark.parametrize(
    "nodes",
    [
        (silent("a", at=0), silent("b", at=100), silent("c", at=200), node("d")),
        (silent("a", at=0), silent("b", at=0), node("c"), node("d")),
        (silent("a", at=0), node("b")),
        (node("a", FALSE), node("b", FALSE), node("c")),
        (node("a", UNKNOWN, heard=False), node("b", UNKNOWN, heard=False), node("c")),
    ],
    ids=["one by one", "half", "one of two", "not silent", "never heard"],
)
def test_the_others_are_believed_to_be_lost(nodes: tuple[node_pb2.Node, ...]) -> None:
    world = World(*nodes)
    assert world.held(1000) == ""
    assert world.doomed(1000).keys() == {one.metadata.name for one in nodes if one.status.conditions[0].status != TRUE}


@pytest.mark.parametrize(
    ("doomed", "found", "confirmed"),
    [
        (Doomed("n", "uid-n", 301), silent("n"), True),
        (Doomed("n", "uid-n", 301), node("n"), False),
        (Doomed("n", "uid-before", 301), silent("n"), False),
        (Doomed("n", "uid-n", 301), None, False),
        (Doomed("n", "", 41), None, True),
        (Doomed("n", "", 41), silent("n"), False),
    ],
)
def test_what_is_read_afresh_must_say_the_same(doomed: Doomed, found: node_pb2.Node | None, confirmed: bool) -> None:
    assert is_confirmed(doomed, found) == confirmed


def test_mirrors_stay_while_there_is_a_node_to_delete_them() -> None:
    web, mirror = make_pod("web"), make_pod("static-n")
    mirror.metadata.annotations[MIRROR] = "uid"
    pods = [web, mirror]
    assert victims(Doomed("n", "uid-n", 301), pods) == [web]
    assert victims(Doomed("n", "", 41), pods) == [mirror, web]


def test_why_is_said() -> None:
    assert Doomed("n", "uid-n", 301).why == "node n has not been ready for 301 s"
    assert Doomed("n", "", 41).why == "node n is not there"


STATES = st.sampled_from(["ready", "silent", "failing", "gone"])


@given(
    steps=st.lists(
        st.tuples(st.floats(1, 200), st.lists(STATES, min_size=3, max_size=3), st.booleans()), min_size=1, max_size=40
    )
)
def test_no_node_is_given_up_before_its_time(steps: list[tuple[float, list[str], bool]]) -> None:
    """Whatever becomes of three nodes, and however often we are blind: only a node that was not ready, or not there,
    through the whole of its time goes, and of those that are there none while no other is ready.
    """
    names, world, now = ("a", "b", "c"), World(), 0.0
    since: dict[str, tuple[str, float]] = {}
    for pause, states, blind in steps:
        now += pause
        for name, state in zip(names, states, strict=True):
            if state != "gone":
                ready = {"ready": TRUE, "silent": UNKNOWN, "failing": FALSE}[state]
                known = since.get(name)
                world.see(now, node(name, ready, marked=int(known[1] if known else now)))
            elif name in world.nodes:
                world.lose(now, name)
            way = "wait" if state in ("silent", "failing") else state
            if since.get(name, ("", 0))[0] != way:
                since[name] = (way, now)
        if blind:
            world.waits.anew(now)
            since = {name: (way, now) for name, (way, _) in since.items()}
        held = world.held(now)
        for name, waited in world.doomed(now, names).items():
            way, began = since[name]
            assert way in ("wait", "gone")
            assert waited <= now - began
            assert waited > (ABSENCE if way == "gone" else TIMEOUT)
            assert way == "gone" or ("ready" in states and not held)
