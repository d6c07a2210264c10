"""What a command line wants of labels."""

from __future__ import annotations

import pytest

from peapod_cli.label_changes import read_changes, split


def test_labels_are_set_and_removed() -> None:
    changes, problems = read_changes(["tier=web", "empty=", "example.com/stage-"])
    assert problems == []
    assert changes.applied({"example.com/stage": "test", "app": "shop", "tier": "web"}) == {
        "app": "shop",
        "tier": "web",
        "empty": "",
    }


def test_what_is_so_already_is_no_change() -> None:
    changes, _ = read_changes(["tier=web", "gone-"])
    assert changes.applied({"tier": "web"}) == {"tier": "web"}
    assert changes.refusals({"tier": "web"}, overwrite=False) == []


def test_another_value_has_to_be_overwritten_in_words() -> None:
    changes, _ = read_changes(["tier=web", "env=test"])
    now = {"tier": "db", "env": "live"}
    assert changes.refusals(now, overwrite=False) == [
        'the label "tier" is "db" already; --overwrite changes it to "web"',
        'the label "env" is "live" already; --overwrite changes it to "test"',
    ]
    assert changes.refusals(now, overwrite=True) == []
    assert changes.applied(now) == {"tier": "web", "env": "test"}


@pytest.mark.parametrize(
    ("words", "whom", "what"),
    [
        (["pod", "web", "a=b", "c-"], ["pod", "web"], ["a=b", "c-"]),
        (["pod/web", "example.com/a-"], ["pod/web"], ["example.com/a-"]),
        (["pods", "a=b", "web"], ["pods"], ["a=b", "web"]),
        (["pod", "web"], ["pod", "web"], []),
    ],
)
def test_names_end_where_the_first_label_is(words: list[str], whom: list[str], what: list[str]) -> None:
    assert split(words) == (whom, what)


def test_everything_that_is_wrong_is_said() -> None:
    _, problems = read_changes(["Tier=web", "a=-b", "a/b/c-", "x=1", "x-", "web", "=v", "-"])
    assert [problem.split(":")[0] for problem in problems] == [
        '"Tier=web"',
        '"a=-b"',
        '"a/b/c-"',
        '"x-"',
        '"web" is neither KEY=VALUE nor KEY-',
        '"=v"',
        '"-"',
        '"-"',
    ]
    assert "the key is named twice" in problems[3]
    assert read_changes([])[1] == ["say what to change: KEY=VALUE or KEY-"]
