from __future__ import annotations

from peapod.controllers.nodes.news import Chronicle
from peapod.v1 import meta_pb2, node_pb2
from tests.support.objects import FALSE, TRUE, UNKNOWN, make_node


def node(ready: meta_pb2.ConditionStatus | None = TRUE, boot: str = "b1", uid: str = "u") -> node_pb2.Node:
    made = make_node("n", ready=ready)
    made.metadata.uid = uid
    made.status.node_info.boot_id = boot
    return made


def told(*nodes: node_pb2.Node | None) -> list[list[str]]:
    """What is news at each look but the first; None is no node."""
    chronicle = Chronicle()
    looks = [[news.reason for news in chronicle.look([] if one is None else [one])] for one in nodes]
    assert looks[0] == [], "who has just started knows nothing of before"
    return looks[1:]


def test_a_node_that_comes_or_comes_back_is_told_of_once() -> None:
    assert told(None, node(), node()) == [["online"], []]
    assert told(None, node(None), node(), node(UNKNOWN), node(), node(FALSE)) == [[], ["online"], [], ["online"], []]


def test_a_machine_that_was_started_anew_is_told_of() -> None:
    assert told(node(), node(UNKNOWN), node(boot="b2")) == [[], ["rebooted", "online"]]
    assert told(node(), node(boot="b2"), node(boot="b2")) == [["rebooted"], []]
    assert told(node(boot=""), node(boot="b2")) == [[]], "what was not known has not changed"


def test_another_node_of_the_name_is_another() -> None:
    assert told(node(), node(boot="b2", uid="v")) == [["online"]]


def test_the_words() -> None:
    chronicle = Chronicle()
    chronicle.look([node(FALSE)])
    assert [news.message for news in chronicle.look([node(boot="b2")])] == [
        "node n was rebooted, boot id b2",
        "node n is ready",
    ]
