"""Whatever the contract can say passes through JSON of every version unchanged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peapod.codec import codec
from peapod.codec.form import Form
from peapod.codec.version import Version
from peapod.codec.versions import VERSIONS
from peapod.v1 import pod_pb2
from tests.support.documents import FORMS
from tests.support.messages import messages

EACH = pytest.mark.parametrize("version", [*VERSIONS.values()], ids=lambda version: version.name)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(("version", "form"), FORMS.values(), ids=FORMS)
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_a_written_message_is_read_back(version: Version, form: Form, data: st.DataObject) -> None:
    message = data.draw(messages(form.message))
    document = json.loads(json.dumps(version.encode(message)))
    decoded = codec.decode(document)
    assert (list(decoded.problems), list(decoded.unknown)) == ([], [])
    assert decoded.message == message


@EACH
@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(pods=st.lists(messages(pod_pb2.Pod), max_size=3))
def test_a_written_list_is_read_back(version: Version, pods: list[pod_pb2.Pod]) -> None:
    document = version.encode_list(pod_pb2.Pod, pods, revision=7)
    assert [codec.decode(part.document).message for part in codec.split(document)] == pods


@EACH
@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_a_spoilt_document_is_told_and_never_raises(version: Version, data: st.DataObject) -> None:
    document = version.encode(data.draw(messages(pod_pb2.Pod)))
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
