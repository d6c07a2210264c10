"""Joined bytes are the same messages as those that protobuf makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.apiserver import wire
from peapod.v1 import meta_pb2, node_service_pb2, pod_pb2, pod_service_pb2

REVISIONS = st.integers(min_value=1, max_value=2**62)


def pod(name: str) -> pod_pb2.Pod:
    return pod_pb2.Pod(metadata=meta_pb2.ObjectMeta(name=name, labels={"a": "b"}), spec=pod_pb2.PodSpec(node_name="n"))


@given(st.text(max_size=300), REVISIONS)
def test_a_version_is_added_to_a_serialised_object(name: str, revision: int) -> None:
    expected = pod(name)
    expected.metadata.resource_version = revision
    assert pod_pb2.Pod.FromString(wire.versioned(pod(name).SerializeToString(), revision)) == expected


@given(REVISIONS, REVISIONS)
def test_the_last_version_wins(first: int, last: int) -> None:
    twice = wire.versioned(wire.versioned(pod("p").SerializeToString(), first), last)
    assert pod_pb2.Pod.FromString(twice).metadata.resource_version == last


@given(st.lists(st.text(max_size=200), max_size=5), REVISIONS)
def test_a_list_is_a_join(names: list[str], revision: int) -> None:
    joined = b"".join(wire.framed(pod(name).SerializeToString()) for name in names) + wire.position(revision, "s")
    expected = pod_service_pb2.ListPodsResponse(items=map(pod, names), revision=revision, store_id="s")
    assert pod_service_pb2.ListPodsResponse.FromString(joined) == expected


def test_batches_in_a_row_are_one_batch() -> None:
    first = wire.change(wire.ADDED, pod("a").SerializeToString()) + wire.position(3, "s")
    second = wire.change(wire.DELETED, pod("a").SerializeToString()) + wire.position(5, "s")
    batch = pod_service_pb2.WatchPodsResponse.FromString(first + second)
    assert [event.type for event in batch.events] == [wire.ADDED, wire.DELETED]
    assert (batch.revision, batch.store_id) == (5, "s")


def test_messages_that_cannot_be_joined_are_refused() -> None:
    with pytest.raises(TypeError, match="not a"):
        wire.check_contract(node_service_pb2.ListNodesResponse, pod_service_pb2.WatchPodsResponse)
    with pytest.raises(TypeError, match=r"items must be field 1"):
        wire.check_contract(pod_service_pb2.GetPodResponse, pod_service_pb2.WatchPodsResponse)
