"""Lists of v1beta1: taken apart with their places, and put together."""

from __future__ import annotations

from typing import Any

import pytest

from peapod.codec import codec
from peapod.codec.versions import V1BETA1, V1BETA2, V1BETA3
from peapod.v1 import node_pb2, pod_pb2

HEAD = {"apiVersion": "v1beta1"}


def test_a_single_object_is_its_own_part() -> None:
    assert list(codec.split({"kind": "Pod"})) == [("", {"kind": "Pod"})]


def test_the_items_of_a_kinds_list_inherit_kind_and_version() -> None:
    document = {"kind": "PodList", **HEAD, "items": [{"id": "a"}, {"id": "b", "kind": "Pod", "ApiVersion": "v1beta2"}]}
    assert list(codec.split(document)) == [
        ("items[0]", {"id": "a", "kind": "Pod", "apiVersion": "v1beta1"}),
        ("items[1]", {"id": "b", "kind": "Pod", "ApiVersion": "v1beta2"}),
    ]


def test_the_items_of_a_mixed_list_speak_for_themselves() -> None:
    document = {"kind": "List", **HEAD, "items": [{"id": "a"}, 7, {"kind": "List", **HEAD, "items": [{"id": "b"}]}]}
    assert list(codec.split(document)) == [
        ("items[0]", {"id": "a"}),
        ("items[1]", 7),
        ("items[2].items[0]", {"id": "b"}),
    ]


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"minions": [{"id": "m"}], "items": [{"id": "i"}]}, "items[0]"),
        ({"minions": [{"id": "m"}], "items": []}, "minions[0]"),
        ({"minions": [{"id": "m"}]}, "minions[0]"),
    ],
)
def test_items_win_over_minions_unless_empty(arrays: dict[str, Any], expected: str) -> None:
    assert [part.path for part in codec.split({"kind": "MinionList", **HEAD, **arrays})] == [expected]


@pytest.mark.parametrize("items", [None, []])
def test_an_empty_list_has_no_parts(items: Any) -> None:
    assert list(codec.split({"kind": "PodList", **HEAD, "items": items})) == []


def test_problems_inside_a_list_have_the_place_in_it() -> None:
    [part] = codec.split({"kind": "PodList", **HEAD, "items": [{"id": 1, "x": 2}]})
    decoded = codec.decode(part.document, part.path)
    assert [problem.field for problem in decoded.problems] == ["items[0].id"]
    assert decoded.unknown == ["items[0].x"]


def test_a_collection_is_written_with_bare_items() -> None:
    pod = pod_pb2.Pod()
    pod.metadata.name = "a"
    document = V1BETA1.encode_list(pod_pb2.Pod, [pod], revision=9)
    assert list(document) == ["kind", "creationTimestamp", "selfLink", "resourceVersion", "apiVersion", "items"]
    assert document["kind"] == "PodList"
    assert "kind" not in document["items"][0]
    assert "apiVersion" not in document["items"][0]


def test_nodes_are_written_twice_and_linked_under_the_word_that_was_asked() -> None:
    node = node_pb2.Node()
    node.metadata.name = "n"
    document = V1BETA1.encode_list(node_pb2.Node, [node], revision=9, resource="nodes")
    assert document["kind"] == "MinionList"
    assert document["minions"] == document["items"]
    assert document["items"][0]["selfLink"] == "/api/v1beta1/nodes/n"
    assert "minions" not in V1BETA1.encode_list(node_pb2.Node, [], revision=9)


def test_v1beta2_writes_nodes_once() -> None:
    document = V1BETA2.encode_list(node_pb2.Node, [node_pb2.Node()], revision=9)
    assert (document["kind"], "minions" in document, len(document["items"])) == ("MinionList", False, 1)


def test_v1beta3_keeps_links_and_revisions_in_the_metadata() -> None:
    pod = pod_pb2.Pod(metadata={"name": "a", "namespace": "shop", "resource_version": 8})
    document = V1BETA3.encode_list(pod_pb2.Pod, [pod], revision=9, self_link="/api/v1beta3/namespaces/shop/pods")
    assert list(document) == ["kind", "apiVersion", "metadata", "items"]
    assert document["metadata"] == {"selfLink": "/api/v1beta3/namespaces/shop/pods", "resourceVersion": "9"}
    [item] = document["items"]
    assert item["metadata"]["selfLink"] == "/api/v1beta3/namespaces/shop/pods/a"
    assert item["metadata"]["resourceVersion"] == "8"
    assert "kind" not in item
    assert "apiVersion" not in item
    assert [codec.decode(part.document).message for part in codec.split(document)] == [pod]


def test_a_mixed_list_has_objects_that_speak_for_themselves() -> None:
    for version in (V1BETA1, V1BETA3):
        messages = [pod_pb2.Pod(metadata={"name": "a"}), node_pb2.Node(metadata={"name": "n"})]
        document = version.encode_mixed(messages)
        assert (document["kind"], document["apiVersion"]) == ("List", version.name)
        assert [codec.decode(part.document).message for part in codec.split(document)] == messages


def test_a_head_has_all_of_a_list_but_its_items() -> None:
    for version in (V1BETA1, V1BETA2, V1BETA3):
        head = version.list_head(pod_pb2.Pod, 9, "/there")
        assert version.encode_list(pod_pb2.Pod, [], 9, self_link="/there") == head | {"items": []}
