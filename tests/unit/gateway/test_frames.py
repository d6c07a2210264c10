"""Changes as lines of JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from peapod.codec.versions import V1BETA1, VERSIONS
from peapod.common import kinds
from peapod.common.kinds import KINDS
from peapod.gateway.frames import error, form_of
from peapod.gateway.item import Item, view_of
from peapod.gateway.resources import PODS, RESOURCES
from peapod.v1.meta_pb2 import EVENT_TYPE_ADDED, EVENT_TYPE_DELETED, EVENT_TYPE_MODIFIED, EventType
from tests.support.kinds import make


def item(revision: int = 7) -> Item:
    message = make(kinds.POD, "a\n", namespace="n")
    message.metadata.resource_version = revision
    return Item(PODS, message)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(EVENT_TYPE_ADDED, "ADDED"), (EVENT_TYPE_MODIFIED, "MODIFIED"), (EVENT_TYPE_DELETED, "DELETED")],
)
def test_a_frame_is_one_line_with_a_type_and_an_object(kind: EventType, name: str) -> None:
    written = form_of(view_of(V1BETA1, "pods")).change(kind, item(), 7)
    assert written.endswith(b"}\n")
    assert written.count(b"\n") == 1
    assert b" " not in written.replace(b"a\\n", b"")
    found: Any = json.loads(written)
    assert list(found) == ["type", "object"]
    assert (found["type"], found["object"]) == (name, V1BETA1.encode(item().message, "pods"))


def test_what_is_deleted_has_the_version_of_its_deletion_and_stays_as_it_was() -> None:
    last = item(7)
    written = form_of(view_of(V1BETA1, "pods")).change(EVENT_TYPE_DELETED, last, 9)
    assert json.loads(written)["object"] == V1BETA1.encode(last.message, "pods") | {"resourceVersion": 9}
    assert last.message.metadata.resource_version == 7
    assert json.loads(last.compact(view_of(V1BETA1, "pods")))["resourceVersion"] == 7


def test_those_who_see_objects_alike_share_what_is_written() -> None:
    assert form_of(view_of(V1BETA1, "pods")) is form_of(view_of(V1BETA1, "pods"))
    assert form_of(view_of(V1BETA1, "minions")) is not form_of(view_of(V1BETA1, "nodes"))
    shared, view = item(), view_of(V1BETA1, "pods")
    assert shared.compact(view) is shared.compact(view)


def test_nothing_tells_how_far_a_watch_is() -> None:
    assert form_of(view_of(V1BETA1, "pods")).position(7, "store") == b""


def test_an_error_is_a_frame_too() -> None:
    assert error({"code": 410}) == b'{"type":"ERROR","object":{"code":410}}\n'


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)
def test_an_object_is_the_same_by_itself_in_a_line_and_in_a_list(kind: kinds.Kind, version: str) -> None:
    resource = next(each for each in RESOURCES if each.kind is kind)
    found = Item(resource, make(kind, "a", namespace="n" if kind.namespaced else ""))
    for segment in resource.segments(VERSIONS[version]):
        view = view_of(VERSIONS[version], segment)
        whole = json.loads(found.compact(view))
        assert json.loads(found.pretty(view)) == whole
        assert found.listed_already(view) is None
        listed = found.listed(view)
        assert found.listed_already(view) is listed
        assert all(line.startswith(b"    ") for line in listed.splitlines())
        assert {"kind": whole["kind"], "apiVersion": version, **json.loads(listed)} == whole
        assert f"/{segment}/a" in json.dumps(whole)
