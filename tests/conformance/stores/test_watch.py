"""What a watch promises: each change once, in order, with what was before, from any revision that is not gone."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import psutil
import pytest

from peapod.apiserver.storage.store import Change, Delete, Entry, Put, Store
from tests.support.stores import Place, Replay, put_all, replay

A, B = "/peapod/pods/default/a", "/peapod/pods/default/b"
END = "/peapod/end"


async def test_a_watch_tells_of_creation_change_and_removal(store: Store) -> None:
    history = await replay(store)
    created = await store.commit([Put(A, b"1")])
    changed = await store.commit([Put(A, b"2")])
    removed = await store.commit([Delete(A)])
    await history.follow(store, removed)
    assert history.changes == [
        Change(A, b"1", created, None),
        Change(A, b"2", changed, Entry(A, b"1", created)),
        Change(A, None, removed, Entry(A, b"2", changed)),
    ]


async def test_a_watch_that_waits_is_woken(store: Store) -> None:
    history = await replay(store)
    start = history.revision
    following = asyncio.create_task(history.follow(store, start + 1))
    await asyncio.sleep(0.05)
    assert not following.done()
    await store.commit([Put(A, b"1")])
    assert [change.key for change in (await following).changes] == [A]


async def test_a_watch_from_the_past_joins_the_present(store: Store) -> None:
    start = await replay(store)
    revisions = [await store.commit([Put(A, b"%d" % i)]) for i in range(50)]
    for skipped in (0, 1, 25, 49):
        history = Replay(dict(start.entries), start.revision)
        if skipped:
            history = Replay({A: Entry(A, b"%d" % (skipped - 1), revisions[skipped - 1])}, revisions[skipped - 1])
        following = asyncio.create_task(history.follow(store, revisions[-1] + 1))
        await asyncio.sleep(0)
        revisions.append(await store.commit([Put(A, b"more")]))
        changes = (await following).changes
        assert [change.revision for change in changes] == revisions[skipped : skipped + len(changes)]
        assert len(changes) >= 50 - skipped


async def test_changes_of_one_commit_come_together(store: Store) -> None:
    history = await replay(store)
    for i in range(10):
        end = await store.commit([Put(f"/peapod/pods/{j}", b"%d" % i) for j in range(40)])
    async with aclosing(store.watch("/peapod/", history.revision)) as batches:
        async for batch in batches:
            assert len(batch.changes) % 40 == 0
            history.apply(batch.changes, batch.revision)
            if batch.revision >= end:
                break
    assert len(history.changes) == 400


async def test_a_watch_of_a_part_sees_that_part_and_moves_with_the_whole(store: Store) -> None:
    history = await replay(store, "/peapod/nodes/")
    await store.commit([Put("/peapod/nodes/n", b"1"), Put(A, b"1")])
    end = (await put_all(store, [A, B]))[-1]
    await history.follow(store, end, "/peapod/nodes/")
    assert [change.key for change in history.changes] == ["/peapod/nodes/n"]
    assert history.revision >= end


async def test_every_watcher_sees_every_change_of_many_writers(store: Store) -> None:
    """32 writers; some watchers watch from the start, others join in the middle, from there or from the start."""
    start = await store.revision()
    from_start = [asyncio.create_task(_watch_to_end(store, Replay({}, start))) for _ in range(3)]
    joining = []

    async def write(number: int) -> list[tuple[str, int]]:
        own = []
        for i in range(12):
            key = f"/peapod/pods/{number:02}/{i % 5}"
            own.append((key, await store.commit([Put(key, b"%d" % i)])))
            if i % 4 == 3:
                own.append((key, await store.commit([Delete(key)])))
            if i == 5 and number % 8 == 0:
                joining.append(asyncio.create_task(_watch_to_end(store, await replay(store))))
                from_start.append(asyncio.create_task(_watch_to_end(store, Replay({}, start))))
        return own

    written = sorted(c for own in await asyncio.gather(*(write(number) for number in range(32))) for c in own)
    await store.commit([Put(END, b"")])
    end = {entry.key: entry for entry in (await store.list("/peapod/")).entries}
    for history in await asyncio.gather(*from_start, *joining):
        assert history.entries == end
    for watcher in from_start:
        seen = [(change.key, change.revision) for change in watcher.result().changes if change.key != END]
        assert sorted(seen) == written


async def _watch_to_end(store: Store, history: Replay) -> Replay:
    async with aclosing(store.watch("/peapod/", history.revision)) as batches:
        async for batch in batches:
            history.apply(batch.changes, batch.revision)
            if END in history.entries:
                break
    return history


async def test_what_was_seen_before_reopening_is_not_seen_again(place: Place) -> None:
    async with place.open() as store:
        history = await replay(store)
        await history.follow(store, await store.commit([Put(A, b"1")]))
        second = await store.commit([Put(A, b"2")])
    async with place.open() as store:
        third = await store.commit([Delete(A)])
        await history.follow(store, third)
    assert [change.revision for change in history.changes[1:]] == [second, third]


async def test_closing_the_store_ends_its_watches(place: Place) -> None:
    async with place.open() as store:
        start = await store.revision()
        seen: asyncio.Queue[Change] = asyncio.Queue()
        idle = [asyncio.create_task(_pass_on(store, start, seen)) for _ in range(3)]
        async with aclosing(store.watch("/peapod/", start)) as paused:
            await store.commit([Put(A, b"1")])
            assert (await anext(paused)).changes
            for _ in idle:
                await seen.get()
            await store.close()
            assert [batch async for batch in paused if batch.changes] == []
    await asyncio.gather(*idle)
    assert seen.empty()


async def _pass_on(store: Store, after: int, seen: asyncio.Queue[Change]) -> None:
    async for batch in store.watch("/peapod/", after):
        for change in batch.changes:
            seen.put_nowait(change)


async def test_a_watch_that_is_cancelled_leaves_the_others_alone(store: Store) -> None:
    history = await replay(store)
    cancelled = asyncio.create_task(_pass_on(store, history.revision, asyncio.Queue()))
    following = asyncio.create_task(history.follow(store, history.revision + 1))
    await asyncio.sleep(0.05)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    await store.commit([Put(A, b"1")])
    assert len((await following).changes) == 1


async def test_a_watch_that_nobody_reads_costs_no_memory(store: Store) -> None:
    megabyte = 1 << 20
    await put_all(store, [A])
    history = await replay(store)
    async with aclosing(store.watch("/peapod/", history.revision)) as batches:
        end = await store.commit([Put(A, b"first")])
        first = await anext(batches)
        history.apply(first.changes, first.revision)
        before = psutil.Process().memory_info().rss
        for i in range(150):
            end = await store.commit([Put(A, b"%3d" % i + b"x" * (megabyte - 3))])
        assert psutil.Process().memory_info().rss - before < 75 * megabyte
        async for batch in batches:
            history.apply(batch.changes, batch.revision)
            history.changes.clear()
            if batch.revision >= end:
                break
    assert history.entries[A].revision == end
