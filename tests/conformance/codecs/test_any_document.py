"""Whatever a document says: what is right is read, what is wrong is told by its place, and nothing ever raises."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peapod.codec import codec
from peapod.codec.form import Form
from peapod.codec.version import Version
from peapod.codec.versions import VERSIONS
from tests.support.documents import FORMS, JUNK, anything, oddly_spelled
from tests.support.messages import messages


@pytest.mark.parametrize(("version", "form"), FORMS.values(), ids=FORMS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_however_it_is_spelled_it_says_the_same(version: Version, form: Form, data: st.DataObject) -> None:
    document = version.encode(data.draw(messages(form.message)))
    odd = data.draw(oddly_spelled(form.table.fields, document))
    decoded = codec.decode(odd)
    assert (list(decoded.problems), list(decoded.unknown)) == ([], [])
    assert decoded.message == codec.decode(document).message


@settings(max_examples=300, deadline=None)
@given(anything() | JUNK)
def test_no_document_raises_and_each_problem_has_a_place(document: Any) -> None:
    decoded = codec.decode(document)
    assert decoded.message is not None or decoded.problems
    for problem in decoded.problems:
        assert problem.description
        assert _leads_somewhere(document, problem.field) or problem.description.startswith("is required")


@settings(max_examples=300, deadline=None)
@given(anything(), st.sampled_from([*VERSIONS.values()]))
def test_what_could_be_read_is_written_and_read_again(document: Any, version: Version) -> None:
    """Also of a document that is wrong in part: what is left of it is a message as good as any, in any version."""
    message = codec.decode(document).message
    if message is None:
        return
    written = version.encode(message)
    again = codec.decode(json.loads(json.dumps(written)))
    assert (list(again.problems), list(again.unknown)) == ([], [])
    assert again.message is not None
    assert version.encode(again.message) == written


@settings(max_examples=100)
@given(
    st.lists(anything() | JUNK, max_size=3),
    st.sampled_from(["List", "PodList", "MinionList", "NodeList", "ServiceList"]),
    st.sampled_from([*VERSIONS]),
)
def test_lists_of_anything_are_taken_apart(items: list[Any], kind: str, version: str) -> None:
    parts = list(codec.split({"kind": kind, "apiVersion": version, "items": items}))
    for part in parts:
        decoded = codec.decode(part.document, part.path)
        assert all(problem.field.startswith(part.path) for problem in decoded.problems)


def _leads_somewhere(document: Any, path: str) -> bool:
    """Follow a path by keys in any case, as far as they have their own names: a key has others too."""
    for name, subscript in re.findall(r"([^.\[\]]+)|\[([^\]]*)\]", path):
        if isinstance(document, list):
            document = document[int(subscript)]
            continue
        if not isinstance(document, dict) or not document:
            return False
        keys = [key for key in document if str(key).lower() == (name or subscript).lower()]
        if not keys:
            return True
        document = document[keys[0]]
    return True
