"""Merge patches by the examples of RFC 7386 and by their laws, and strategic ones, which know lists."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.codec.patch import KEYS, merged, strategically_merged
from peapod.common.errors import Invalid

# Appendix A, line by line.
EXAMPLES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]

KEYED = [*KEYS]
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
ITEMS = st.dictionaries(st.sampled_from(["name", "kind", "image", "$patch"]), st.sampled_from("ab"), max_size=3)
STRATEGIC = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["delete", "replace", "merge", "a"]) | st.lists(ITEMS, max_size=3),
    lambda inner: (
        st.dictionaries(st.sampled_from([*KEYED, "$patch", "a"]), inner, max_size=3) | st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(("document", "patch", "result"), EXAMPLES)
def test_the_examples_of_the_standard(document: Any, patch: Any, result: Any) -> None:
    assert merged(document, patch) == result


@given(DOCUMENTS, DOCUMENTS)
def test_a_patch_that_was_put_changes_nothing_when_it_is_put_again(document: Any, patch: Any) -> None:
    once = merged(document, patch)
    assert merged(once, patch) == once


@given(DOCUMENTS, DOCUMENTS)
def test_nothing_that_is_given_is_changed(document: Any, patch: Any) -> None:
    before = copy.deepcopy((document, patch))
    merged(document, patch)
    assert (document, patch) == before


@given(DOCUMENTS)
def test_an_empty_patch_keeps_an_object(document: Any) -> None:
    assert merged({"a": document}, {}) == {"a": document}


@given(st.dictionaries(st.sampled_from("abc"), DOCUMENTS), st.dictionaries(st.sampled_from("abc"), DOCUMENTS))
def test_every_key_is_either_kept_or_said(document: dict[str, Any], patch: dict[str, Any]) -> None:
    result = merged(document, patch)
    assert set(result) == {key for key in {*document, *patch} if patch.get(key, document.get(key)) is not None} | {
        key for key in document if key not in patch
    }


@given(STRATEGIC, STRATEGIC)
def test_a_strategic_patch_is_put_or_refused_and_changes_nothing_that_is_given(document: Any, patch: Any) -> None:
    before = copy.deepcopy((document, patch))
    with suppress(Invalid):
        strategically_merged(document, patch)
    assert (document, patch) == before


@pytest.mark.parametrize(("document", "patch", "result"), [each for each in EXAMPLES if each[1] is not None])
def test_without_keyed_lists_a_strategic_patch_is_a_merge_patch(document: Any, patch: Any, result: Any) -> None:
    assert strategically_merged(document, patch) == result


CONTAINERS = {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2", "env": [{"name": "x"}]}]}


@pytest.mark.parametrize(
    ("patch", "result"),
    [
        (
            [{"name": "b", "image": "3"}],
            [{"name": "a", "image": "1"}, {"name": "b", "image": "3", "env": [{"name": "x"}]}],
        ),
        ([{"name": "c", "image": "3"}], [*CONTAINERS["containers"], {"name": "c", "image": "3"}]),
        ([{"name": "a", "$patch": "delete"}], CONTAINERS["containers"][1:]),
        ([{"name": "none", "$patch": "delete"}], CONTAINERS["containers"]),
        ([{"name": "z"}, {"$patch": "replace"}], [{"name": "z"}]),
        (
            [{"name": "a", "$patch": "replace", "image": "9"}],
            [{"name": "a", "image": "9"}, CONTAINERS["containers"][1]],
        ),
        ([{"name": "a", "image": None}], [{"name": "a"}, CONTAINERS["containers"][1]]),
        (
            [{"name": "b", "env": [{"name": "x", "value": "1"}, {"name": "y"}]}],
            [
                {"name": "a", "image": "1"},
                {"name": "b", "image": "2", "env": [{"name": "x", "value": "1"}, {"name": "y"}]},
            ],
        ),
        ([], CONTAINERS["containers"]),
        ([1], [1]),
        (None, None),
    ],
)
def test_containers_are_merged_by_their_names(patch: Any, result: Any) -> None:
    found = strategically_merged(CONTAINERS, {"containers": patch})
    assert found == ({} if result is None else {"containers": result})


def test_an_object_is_replaced_or_emptied_where_the_patch_says_so() -> None:
    document = {"labels": {"a": "b"}, "id": "x"}
    assert strategically_merged(document, {"labels": {"$patch": "replace", "c": "d"}}) == {
        "labels": {"c": "d"},
        "id": "x",
    }
    assert strategically_merged(document, {"labels": {"$patch": "delete"}}) == {"labels": {}, "id": "x"}
    assert strategically_merged(document, {"labels": {"$patch": "merge", "c": "d"}})["labels"] == {"a": "b", "c": "d"}


@pytest.mark.parametrize(
    "patch",
    [
        {"$patch": "burn"},
        {"$patch": None},
        {"$patch": ["delete"]},
        {"containers": [{"$patch": "delete"}]},
        {"containers": [{"name": "a", "$patch": "burn"}]},
    ],
)
def test_a_directive_that_there_is_not_is_refused(patch: Any) -> None:
    with pytest.raises(Invalid):
        strategically_merged(CONTAINERS, patch)


@pytest.mark.parametrize("put", [merged, strategically_merged])
def test_a_patch_that_is_nested_too_deeply_is_refused(put: Callable[[Any, Any], Any]) -> None:
    patch: Any = 1
    for _ in range(2000):
        patch = {"a": patch}
    with pytest.raises(Invalid, match="nested too deeply"):
        put({}, patch)


@pytest.mark.parametrize("merge", [merged, strategically_merged])
def test_what_says_the_same_gives_way_to_what_a_patch_says(merge: Callable[[Any, Any], Any]) -> None:
    written = {"endpoints": ["10.0.0.1:80"], "subsets": [{"addresses": [{"IP": "10.0.0.1"}]}]}
    assert merge(written, {"endpoints": ["10.0.0.9:90"]}) == {"endpoints": ["10.0.0.9:90"]}
    assert merge(written, {"subsets": []}) == written | {"subsets": []}
    container = {"name": "a", "cpu": 100, "resources": {"limits": {"cpu": "0.1"}}}
    changed = merge(container, {"resources": {"limits": {"cpu": "0.5"}}})
    assert changed == {"name": "a", "resources": {"limits": {"cpu": "0.5"}}}


def test_items_are_told_apart_by_each_spelling_of_their_key() -> None:
    env = {"env": [{"name": "A", "key": "A", "value": "1"}, {"name": "B", "key": "B", "value": "2"}]}
    assert strategically_merged(env, {"env": [{"key": "A", "value": "9"}]}) == {
        "env": [{"name": "A", "key": "A", "value": "9"}, {"name": "B", "key": "B", "value": "2"}]
    }
    mounts = {"volumeMounts": [{"name": "v", "mountPath": "/a", "path": "/a"}]}
    added = strategically_merged(mounts, {"volumeMounts": [{"name": "v", "path": "/b"}]})
    assert [item["path"] for item in added["volumeMounts"]] == ["/a", "/b"]


def test_many_items_are_merged_without_looking_at_each_for_each() -> None:
    """A list that a client may send; one look at every item for every item would take minutes."""
    items = [{"name": f"c-{number}", "image": "a"} for number in range(50_000)]
    result = strategically_merged({"containers": items}, {"containers": [item | {"image": "b"} for item in items]})
    assert {item["image"] for item in result["containers"]} == {"b"}
    assert len(result["containers"]) == len(items)
