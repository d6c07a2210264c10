"""Every verb on every kind, on both stores."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from peapod.common import errors
from peapod.common.kinds import EVENT, KINDS, NAMESPACE, SERVICE, Kind
from peapod.common.selectable import fields_of
from peapod.v1 import meta_pb2
from tests.support.apiserver import Api
from tests.support.kinds import Objects, make
from tests.support.refusals import refusal

ADDED, MODIFIED, DELETED = (
    meta_pb2.EVENT_TYPE_ADDED,
    meta_pb2.EVENT_TYPE_MODIFIED,
    meta_pb2.EVENT_TYPE_DELETED,
)

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.singular)
namespaced_kinds = pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.namespaced], ids=lambda kind: kind.singular
)


async def others(objects: Objects) -> list[str]:
    """What the server has made by itself."""
    return await objects.names() if objects.kind is NAMESPACE else []


@every_kind
async def test_it_is_created_read_changed_and_deleted(api: Api, kind: Kind) -> None:
    objects = Objects(kind, api.channel)
    created = await objects.create(make(kind, "a", labels={"tier": "front"}))
    assert created.metadata.uid
    assert created.metadata.namespace == ("default" if kind.namespaced else "")
    assert await objects.get("a") == created

    told = copy.deepcopy(created)
    told.metadata.labels["tier"] = "back"
    updated = await objects.update(told)
    assert updated.metadata.resource_version > created.metadata.resource_version
    told.metadata.resource_version = updated.metadata.resource_version
    assert updated == told, "nothing but what was told has changed"
    assert isinstance(await refusal(objects.update(created)), errors.Conflict)

    gone = await objects.remove("a")
    assert gone.metadata.uid == created.metadata.uid
    assert isinstance(await refusal(objects.get("a")), errors.NotFound)
    assert isinstance(await refusal(objects.delete("a")), errors.NotFound)


@every_kind
async def test_what_is_only_checked_is_not_stored(api: Api, kind: Kind) -> None:
    objects = Objects(kind, api.channel)
    before = await others(objects)
    checked = await objects.create(make(kind), validate_only=True)
    assert checked.metadata.uid
    assert await objects.names() == before
    stored = await objects.create(make(kind))
    for one in (checked, stored):
        one.metadata.uid, one.metadata.resource_version = "", 0
        one.metadata.ClearField("creation_timestamp")
        if kind is SERVICE:
            one.spec.cluster_ip = ""
        if kind is EVENT:
            one.ClearField("first_timestamp")
            one.ClearField("last_timestamp")
            one.metadata.ClearField("deletion_timestamp")
    assert checked == stored


@every_kind
async def test_a_bad_name_is_named(api: Api, kind: Kind) -> None:
    objects = Objects(kind, api.channel)
    error = await refusal(objects.create(make(kind, "Bad_Name")))
    assert [violation.field for violation in error.violations] == ["metadata.name"]
    error = await refusal(objects.create(make(kind, "")))
    assert error.violations == (errors.Violation.required("metadata.name"),)


@every_kind
async def test_selectors(api: Api, kind: Kind) -> None:
    objects = Objects(kind, api.channel)
    for name, tier in (("a", "front"), ("b", "back"), ("c", "back")):
        await objects.create(make(kind, name, labels={"tier": tier}))
    assert await objects.names(label_selector="tier=back") == ["b", "c"]
    assert await objects.names(label_selector="tier notin (back),tier") == ["a"]
    assert await objects.names(field_selector="metadata.name=b") == ["b"]
    assert await objects.names(label_selector="tier", field_selector="metadata.name!=b") == ["a", "c"]
    found = await objects.get("a")
    for field, read in fields_of(kind).items():
        assert "a" in await objects.names(field_selector=f"{field}={read(found)}")
        assert "a" not in await objects.names(field_selector=f"{field}!={read(found)}")
    error = await refusal(objects.names(field_selector="spec.color=red"))
    assert [violation.field for violation in error.violations] == ["field_selector"]


@namespaced_kinds
async def test_namespaces_keep_names_apart(api: Api, kind: Kind) -> None:
    objects = Objects(kind, api.channel)
    here = await objects.create(make(kind, "a"))
    there = await objects.create(make(kind, "a", namespace="other"))
    assert here.metadata.uid != there.metadata.uid
    assert await objects.names(namespace="other") == ["a"]
    assert await objects.names() == ["a", "a"]
    await objects.delete("a", namespace="other")
    assert await objects.get("a") == here


@every_kind
async def test_a_watch_tells_every_change(api: Api, kind: Kind) -> None:
    objects = Objects(kind, api.channel)
    await objects.create(make(kind, "before", labels={"tier": "front"}))
    async with objects.watch(label_selector="tier=front") as stream:
        changes = _changes(kind, stream)
        assert await anext(changes) == (ADDED, "before")
        created = await objects.create(make(kind, "a", labels={"tier": "front"}))
        assert await anext(changes) == (ADDED, "a")
        created.metadata.annotations["about"] = "it"
        updated = await objects.update(created)
        assert await anext(changes) == (MODIFIED, "a")
        updated.metadata.labels["tier"] = "back"
        await objects.update(updated)
        assert await anext(changes) == (DELETED, "a")
        await objects.remove("before")
        if kind is NAMESPACE:
            assert await anext(changes) == (MODIFIED, "before")
        assert await anext(changes) == (DELETED, "before")
    async with objects.watch(revision=created.metadata.resource_version, field_selector="metadata.name=a") as stream:
        changes = _changes(kind, stream)
        assert [await anext(changes) for _ in range(2)] == [(MODIFIED, "a")] * 2


async def _changes(kind: Kind, stream: Any) -> Any:
    async for batch in stream:
        for change in batch.events:
            yield change.type, kind.of(change).metadata.name


@namespaced_kinds
async def test_nothing_comes_into_a_namespace_that_is_being_deleted(api: Api, kind: Kind) -> None:
    objects, namespaces = Objects(kind, api.channel), Objects(NAMESPACE, api.channel)
    await namespaces.create(make(NAMESPACE, "team"))
    there = await objects.create(make(kind, "a", namespace="team"))
    ending = await namespaces.delete("team")
    error = await refusal(objects.create(make(kind, "b", namespace="team")))
    assert isinstance(error, errors.Forbidden)
    assert error.message == f'{kind.title} "b" is forbidden: namespace team is being deleted'
    there.metadata.labels["tier"] = "last"
    await objects.update(there)
    await objects.delete("a", namespace="team")
    ending.spec.finalizers[:] = []
    await namespaces.update(ending, "Finalize")
    assert await namespaces.names() == ["default"]
    await objects.create(make(kind, "b", namespace="team"))
