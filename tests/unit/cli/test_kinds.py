"""The words for kinds, and what a command line names."""

from __future__ import annotations

import pytest

from peapod.common.errors import Invalid
from peapod_cli.kinds import EVENT, NAMESPACE, NODE, POD, SECRET, Target, by_word, targets


@pytest.mark.parametrize("word", ["pods", "pod", "po"])
def test_words_for_pods(word: str) -> None:
    assert by_word(word) is POD


@pytest.mark.parametrize("word", ["minions", "minion", "mi", "nodes", "node", "no"])
def test_words_for_nodes(word: str) -> None:
    assert by_word(word) is NODE


@pytest.mark.parametrize(("word", "why"), [("Pods", "there is no resource"), ("svc", "services are not supported yet")])
def test_other_words_are_refused(word: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        by_word(word)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pods"], [Target(POD, ())]),
        (["pod", "a", "b"], [Target(POD, ("a", "b"))]),
        (["po,ev,ns,secrets"], [Target(kind, ()) for kind in (POD, EVENT, NAMESPACE, SECRET)]),
        (["pod/a", "node/b"], [Target(POD, ("a",)), Target(NODE, ("b",))]),
    ],
)
def test_what_a_command_line_names(words: list[str], expected: list[Target]) -> None:
    assert targets(words) == expected


@pytest.mark.parametrize("words", [[], ["pods,nodes", "a"], ["pod/a", "b"], ["pod/"], ["/a"], ["pod/a/b"], [","]])
def test_what_it_cannot_name(words: list[str]) -> None:
    with pytest.raises(Invalid):
        targets(words)
