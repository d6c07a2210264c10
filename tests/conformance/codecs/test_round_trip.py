"""Whatever the contract can say passes through JSON unchanged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peapod.codec import codec
from peapod.codec.versions import V1BETA1
from peapod.v1 import event_pb2, namespace_pb2, node_pb2, pod_pb2, secret_pb2
from tests.support.messages import messages

KINDS = [pod_pb2.Pod, node_pb2.Node, event_pb2.Event, namespace_pb2.Namespace, secret_pb2.Secret]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_written_message_is_read_back(kind: type[Message], data: st.DataObject) -> None:
    message = data.draw(messages(kind))
    document = json.loads(json.dumps(V1BETA1.encode(message)))
    decoded = codec.decode(document)
    assert (list(decoded.problems), list(decoded.unknown)) == ([], [])
    assert decoded.message == message


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pods=st.lists(messages(pod_pb2.Pod), max_size=3))
def test_a_written_list_is_read_back(pods: list[pod_pb2.Pod]) -> None:
    document = V1BETA1.encode_list(pod_pb2.Pod, pods, revision=7)
    assert [codec.decode(part.document).message for part in codec.split(document)] == pods


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_spoilt_document_is_told_and_never_raises(data: st.DataObject) -> None:
    document = V1BETA1.encode(data.draw(messages(pod_pb2.Pod)))
    place = data.draw(st.sampled_from(list(_places(document))))
    _put(document, place, data.draw(JSON))
    decoded = codec.decode(document)
    assert decoded.message is not None or decoded.problems


def _places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from _places(child, (*path, key))


def _put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value
