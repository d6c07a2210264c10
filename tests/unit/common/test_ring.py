"""How much of the past a cache keeps."""

from __future__ import annotations

import pytest

from peapod.codec.versions import V1BETA1
from peapod.common.errors import Expired
from peapod.common.watching import cache as caches
from peapod.common.watching.cache import Cache
from peapod.common.watching.occurrence import Occurrence
from peapod.common.watching.selection import Selection
from peapod.gateway.frames import form_of
from peapod.gateway.item import Item, view_of
from peapod.gateway.resources import PODS
from tests.support.objects import make_pod

FORM = form_of(view_of(V1BETA1, "pods"))


def filled(history: int, changes: int) -> Cache[Item]:
    cache: Cache[Item] = Cache(PODS, history)
    cache.load([], 1, "store")
    old = None
    for revision in range(2, changes + 2):
        pod = make_pod("a")
        pod.metadata.resource_version = revision
        new = Item(PODS, pod)
        cache.apply(new.key, Occurrence(old, new, revision))
        cache.advance(revision)
        old = new
    return cache


def kept(cache: Cache[Item]) -> int:
    """Count the changes that can still be told."""
    everything = Selection(PODS, "", "", "")
    for revision in range(1, cache.revision + 1):
        try:
            return len(cache.since(revision, "", everything, FORM))
        except Expired:
            continue
    raise AssertionError("not even the present can be told")


def test_no_more_changes_are_kept_than_asked_for() -> None:
    assert kept(filled(history=3, changes=10)) == 3


def test_no_more_memory_is_taken_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    one = filled(history=1, changes=1).get("default/a")
    assert one is not None
    monkeypatch.setattr(caches, "RING_BYTES", 5 * one.size)
    assert kept(filled(history=1000, changes=50)) == 5
