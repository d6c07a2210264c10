"""Settings: what is wrong with them, how several files count, what changes of them make."""

from __future__ import annotations

from typing import Any

import pytest

from peapod.common.errors import Invalid
from peapod_cli import settings
from peapod_cli.settings import Place

HOME: dict[str, Any] = {
    "clusters": {"home": {"server": "h:1", "gateway": "http://h:2"}},
    "contexts": {"shop": {"cluster": "home", "namespace": "shop"}},
    "current-context": "shop",
}


def test_the_current_context_leads_somewhere() -> None:
    assert settings.current(HOME) == Place("h:1", "http://h:2", "shop")
    assert settings.current({}) == Place()
    assert settings.current({"contexts": {"x": {"namespace": "n"}}, "current-context": "x"}) == Place("", "", "n")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"current-context": "none"}, 'the current context "none" is not there'),
        ({"clusters": {}}, 'the context "shop" is of the cluster "home", which is not there'),
    ],
)
def test_a_context_that_leads_nowhere_is_told(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        settings.current(HOME | changed)


def test_every_wrong_field_is_named() -> None:
    assert list(settings.problems(HOME)) == []
    assert list(settings.problems([])) == ["must be an object with clusters, contexts and current-context"]
    wrong = {
        "clusters": {"a": {"server": 1, "port": "2"}, "b": "c"},
        "contexts": [],
        "current-context": 3,
        "users": {},
    }
    assert list(settings.problems(wrong)) == [
        "clusters.a.server: must be text",
        "clusters.a.port: unknown field",
        "clusters.b: must be an object",
        "contexts: must be an object",
        "current-context: must be text",
        "users: unknown field",
    ]


def test_of_several_files_the_first_counts() -> None:
    near = {"clusters": {"home": {"server": "near:1"}}, "contexts": {"test": {}}, "current-context": "test"}
    assert settings.merged([near, HOME]) == {
        "clusters": {"home": {"server": "near:1"}},
        "contexts": {"shop": HOME["contexts"]["shop"], "test": {}},
        "current-context": "test",
    }
    assert settings.merged([{}, HOME]) == HOME


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("current-context", "x", {"current-context": "x"}),
        ("clusters.a.b.server", "h:1", {"clusters": {"a.b": {"server": "h:1"}}}),
        ("contexts.x.namespace", "n", {"contexts": {"x": {"namespace": "n"}}}),
    ],
)
def test_what_is_set_can_be_unset(path: str, value: str, expected: dict[str, Any]) -> None:
    made = settings.with_property({}, path, value)
    assert made == expected
    assert list(settings.problems(made)) == []
    once = settings.without_property(made, path)
    with pytest.raises(Invalid, match="is not set"):
        settings.without_property(once, path)


def test_entries_and_sections_can_be_unset_and_the_rest_is_kept() -> None:
    assert settings.without_property(HOME, "clusters.home") == HOME | {"clusters": {}}
    assert settings.without_property(HOME, "clusters") == {k: v for k, v in HOME.items() if k != "clusters"}
    assert settings.with_property(HOME, "clusters.home.server", "h:9")["clusters"]["home"]["gateway"] == "http://h:2"


@pytest.mark.parametrize("path", ["users.me.token", "", ".", "clusters.home", "clusters", "clusters.home.port"])
def test_what_cannot_be_set_is_said(path: str) -> None:
    with pytest.raises(Invalid, match=r"contexts\.NAME\.namespace, current-context"):
        settings.with_property(HOME, path, "x")
