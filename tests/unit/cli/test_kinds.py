"""The words for kinds, and what a command line names."""

from __future__ import annotations

import pytest

from peapod.common import kinds
from peapod.common.errors import Invalid
from peapod.common.kinds import (
    ENDPOINTS,
    EVENT,
    NAMESPACE,
    NODE,
    POD,
    REPLICATION_CONTROLLER,
    RESOURCE_QUOTA,
    SECRET,
    SERVICE,
    Kind,
)
from peapod_cli.kinds import WORDS, Target, by_word, one, targets


def test_every_kind_has_words_and_no_word_means_two() -> None:
    assert tuple(WORDS) == kinds.KINDS
    every = [word for words in WORDS.values() for word in words]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (POD, "pods pod po"),
        (REPLICATION_CONTROLLER, "replicationControllers replicationController replicationcontroller rc"),
        (SERVICE, "services service se svc"),
        (ENDPOINTS, "endpoints ep"),
        (NODE, "minions minion mi nodes node no"),
        (RESOURCE_QUOTA, "resourceQuotas quota"),
    ],
)
def test_words_for_kinds(kind: Kind, words: str) -> None:
    assert {by_word(word) for word in words.split()} == {kind}


@pytest.mark.parametrize("word", ["Pods", "ReplicationController", "frob", ""])
def test_other_words_are_refused(word: str) -> None:
    with pytest.raises(Invalid, match="there is no resource"):
        by_word(word)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pods"], [Target(POD, ())]),
        (["pod", "a", "b"], [Target(POD, ("a", "b"))]),
        (["po,ev,ns,secrets"], [Target(kind, ()) for kind in (POD, EVENT, NAMESPACE, SECRET)]),
        (["pod/a", "node/b"], [Target(POD, ("a",)), Target(NODE, ("b",))]),
        (["po,svc", "rc/a"], [Target(POD, ()), Target(SERVICE, ()), Target(REPLICATION_CONTROLLER, ("a",))]),
        (["rc/a", "pods", "b"], [Target(POD, ("b",)), Target(REPLICATION_CONTROLLER, ("a",))]),
    ],
)
def test_what_a_command_line_names(words: list[str], expected: list[Target]) -> None:
    assert targets(words) == expected


@pytest.mark.parametrize("words", [[], ["pods,nodes", "a"], ["pod/a", "b"], ["pod/"], ["/a"], ["pod/a/b"], [","]])
def test_what_it_cannot_name(words: list[str]) -> None:
    with pytest.raises(Invalid):
        targets(words)


def test_one_of_some_kinds() -> None:
    assert one(["rc", "web"], "USAGE", REPLICATION_CONTROLLER) == Target(REPLICATION_CONTROLLER, ("web",))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "name one: USAGE"),
        (["rc"], "name one: USAGE"),
        (["rc", "a", "b"], "name one: USAGE"),
        (["rc/a", "rc/b"], "name one: USAGE"),
        (["pod", "a"], "pods are none of replicationControllers, services: USAGE"),
    ],
)
def test_anything_but_one_is_refused(words: list[str], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        one(words, "USAGE", REPLICATION_CONTROLLER, SERVICE)
