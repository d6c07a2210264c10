"""What compaction promises: it takes history away and never an entry, and whoever misses something is told."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from peapod.apiserver.storage.store import Compacted, Delete, Put, Store
from peapod.common.errors import Invalid
from tests.support.stores import Place, Replay, put_all, replay

A, B = "/peapod/pods/default/a", "/peapod/pods/default/b"


async def _first_batch(store: Store, after: int) -> None:
    async with aclosing(store.watch("/peapod/", after)) as batches:
        await anext(batches)


async def test_a_watch_that_misses_something_is_told_and_lists_again(store: Store) -> None:
    history = await replay(store)
    for i in range(5):
        compacted = await store.commit([Put(A, b"%d" % i)])
    end = await store.commit([Put(A, b"5")])
    await store.compact(compacted)
    with pytest.raises(Compacted) as gap:
        await history.follow(store, end)
    assert history.revision < gap.value.revision <= compacted
    again = await replay(store)
    assert [entry.value for entry in again.entries.values()] == [b"5"]
    await again.follow(store, await store.commit([Put(A, b"6")]))
    assert [change.value for change in again.changes] == [b"6"]


async def test_the_oldest_revision_to_ask_for_is_the_compacted_one(store: Store) -> None:
    before = await store.commit([Put(A, b"1"), Put(B, b"1")])
    compacted = await store.commit([Delete(B)])
    at = await replay(store)
    end = await store.commit([Put(A, b"2"), Put(B, b"2")])
    await store.compact(compacted)
    with pytest.raises(Compacted) as gap:
        await _first_batch(store, before)
    assert gap.value.revision == compacted
    await at.follow(store, end)
    assert {change.key: change.previous and change.previous.value for change in at.changes} == {A: b"1", B: None}


async def test_entries_stay(store: Store) -> None:
    await put_all(store, [A, B])
    await store.commit([Delete(B)])
    before = await store.list("/peapod/")
    await store.compact(before.revision)
    assert (await store.list("/peapod/")).entries == before.entries
    assert await store.get(A) == before.entries[0]
    await store.commit([Put(A, b"2", expect=before.entries[0].revision)])


async def test_going_back_does_nothing(store: Store) -> None:
    first = await store.commit([Put(A, b"1")])
    history = await replay(store)
    end = await store.commit([Put(A, b"2")])
    await store.compact(first)
    await store.compact(first)
    await store.compact(first - 1)
    assert len((await history.follow(store, end)).changes) == 1


async def test_the_future_is_not_compacted(store: Store) -> None:
    revision = await store.commit([Put(A, b"1")])
    with pytest.raises(Invalid):
        await store.compact(revision + 1000)
    assert await store.get(A) is not None


async def test_a_watch_that_has_seen_it_all_is_not_disturbed(store: Store) -> None:
    history = await replay(store)
    async with aclosing(store.watch("/peapod/", history.revision)) as batches:
        for i in range(5):
            revision = await store.commit([Put(A, b"%d" % i)])
            while history.revision < revision:
                batch = await anext(batches)
                history.apply(batch.changes, batch.revision)
            await store.compact(revision)
    assert len(history.changes) == 5


async def test_compaction_is_remembered(place: Place) -> None:
    async with place.open() as store:
        first = await store.commit([Put(A, b"1")])
        compacted = await store.commit([Put(A, b"2")])
        await store.compact(compacted)
    async with place.open() as store:
        with pytest.raises(Compacted):
            await _first_batch(store, first)
        assert await store.revision() >= compacted


async def test_watches_that_read_while_history_goes_see_all_or_are_told(store: Store) -> None:
    """Old watches race with compaction; each ends at the present, or is told so, and never skips a change."""
    start = await replay(store)
    revisions = [await store.commit([Put(A, b"%d" % i)]) for i in range(300)]

    async def watch() -> bool:
        try:
            history = await Replay(dict(start.entries), start.revision).follow(store, revisions[-1])
        except Compacted:
            return False
        return len(history.changes) == len(revisions)

    watches = [asyncio.create_task(watch()) for _ in range(8)]
    compactions = [asyncio.create_task(store.compact(revision)) for revision in revisions[::60]]
    late = [asyncio.create_task(watch()) for _ in range(8)]
    results = await asyncio.gather(*watches, *late)
    await asyncio.gather(*compactions)
    assert not all(results) or len(set(results)) == 1
    assert not await watch()
