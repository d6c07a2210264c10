"""What a commit promises: all or nothing, under its preconditions, at a revision that only grows."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from peapod.apiserver.storage.limits import MOST_BYTES, MOST_OPERATIONS
from peapod.apiserver.storage.store import Check, Delete, Entry, PreconditionFailed, Put, Store
from peapod.common.errors import Invalid
from tests.support.stores import Place, replay

A, B, C = "/peapod/pods/default/a", "/peapod/pods/default/b", "/peapod/pods/default/c"


async def test_a_fresh_store_has_a_revision_and_nothing_else(store: Store) -> None:
    assert await store.revision() > 0
    assert (await store.list("/peapod/")).entries == []


async def test_a_put_is_read_back_with_its_revision(store: Store) -> None:
    before = await store.revision()
    revision = await store.commit([Put(A, b"\0\xff value")])
    assert revision > before
    assert await store.get(A) == Entry(A, b"\0\xff value", revision)
    assert await store.revision() == revision


async def test_an_empty_value_is_a_value(store: Store) -> None:
    revision = await store.commit([Put(A, b"")])
    assert await store.get(A) == Entry(A, b"", revision)


async def test_revisions_grow_from_commit_to_commit(store: Store) -> None:
    revisions = [await store.commit([Put(A, b"%d" % i)]) for i in range(20)]
    assert revisions == sorted(set(revisions))


async def test_a_delete_removes(store: Store) -> None:
    put = await store.commit([Put(A, b"1")])
    deleted = await store.commit([Delete(A, expect=put)])
    assert deleted > put
    assert await store.get(A) is None


async def test_deleting_an_absent_key_does_nothing(store: Store) -> None:
    history = await replay(store)
    await store.commit([Delete(A)])
    await store.commit([Delete(A, expect=0)])
    end = await store.commit([Put(B, b"1")])
    assert [change.key for change in (await history.follow(store, end)).changes] == [B]


async def test_expecting_absence_creates_once(store: Store) -> None:
    revision = await store.commit([Put(A, b"1", expect=0)])
    with pytest.raises(PreconditionFailed) as failure:
        await store.commit([Put(A, b"2", expect=0)])
    assert failure.value.current == {A: Entry(A, b"1", revision)}
    assert await store.get(A) == Entry(A, b"1", revision)


async def test_expecting_a_revision_updates_once(store: Store) -> None:
    first = await store.commit([Put(A, b"1")])
    second = await store.commit([Put(A, b"2", expect=first)])
    for stale in (Put(A, b"3", expect=first), Delete(A, expect=first), Put(A, b"3", expect=0)):
        with pytest.raises(PreconditionFailed) as failure:
            await store.commit([stale])
        assert failure.value.current == {A: Entry(A, b"2", second)}


async def test_expecting_a_revision_of_an_absent_key_fails(store: Store) -> None:
    with pytest.raises(PreconditionFailed) as failure:
        await store.commit([Put(A, b"1", expect=1)])
    assert failure.value.current == {A: None}
    assert await store.get(A) is None


async def test_a_commit_of_several_keys_is_done_at_one_revision(store: Store) -> None:
    old = await store.commit([Put(A, b"1"), Put(B, b"1")])
    new = await store.commit([Put(A, b"2", expect=old), Delete(B, expect=old), Put(C, b"2", expect=0)])
    assert (await store.list("/peapod/")).entries == [Entry(A, b"2", new), Entry(C, b"2", new)]


async def test_a_commit_of_several_keys_is_done_wholly_or_not_at_all(store: Store) -> None:
    old = await store.commit([Put(A, b"1"), Put(B, b"1")])
    with pytest.raises(PreconditionFailed) as failure:
        await store.commit([Put(A, b"2", expect=old), Delete(B, expect=0), Put(C, b"2", expect=old)])
    assert failure.value.current == {B: Entry(B, b"1", old), C: None}
    assert (await store.list("/peapod/")).entries == [Entry(A, b"1", old), Entry(B, b"1", old)]


async def test_a_check_holds_a_commit_to_a_key_that_it_does_not_write(store: Store) -> None:
    old = await store.commit([Put(A, b"1")])
    new = await store.commit([Put(B, b"1"), Check(A, old), Check(C, 0)])
    assert (await store.list("/peapod/")).entries == [Entry(A, b"1", old), Entry(B, b"1", new)]
    for check, current in (
        (Check(A, old - 1), {A: Entry(A, b"1", old)}),
        (Check(A, 0), {A: Entry(A, b"1", old)}),
        (Check(C, old), {C: None}),
    ):
        with pytest.raises(PreconditionFailed) as failure:
            await store.commit([Put(B, b"2"), check])
        assert failure.value.current == current
    assert await store.get(B) == Entry(B, b"1", new)


async def test_a_check_changes_nothing_that_a_watch_would_tell(store: Store) -> None:
    old = await store.commit([Put(A, b"1")])
    history = await replay(store)
    await store.commit([Check(A, old)])
    end = await store.commit([Put(B, b"1"), Check(A, old)])
    assert [change.key for change in (await history.follow(store, end)).changes] == [B]
    assert await store.get(A) == Entry(A, b"1", old)


async def test_many_commits_may_check_the_same_key_at_once(store: Store) -> None:
    old = await store.commit([Put(A, b"1")])
    commits = (store.commit([Put(f"/peapod/{number:02}", b"x", expect=0), Check(A, old)]) for number in range(64))
    revisions = await asyncio.gather(*commits)
    assert len((await store.list("/peapod/")).entries) == 65
    assert min(revisions) > old


async def test_a_key_that_changes_is_never_checked_as_it_was(store: Store) -> None:
    """Each counts the other's key while it raises its own: in some order of the two, one has to fail."""
    for _ in range(10):
        a, b = await asyncio.gather(store.commit([Put(A, b"")]), store.commit([Put(B, b"")]))
        results = await asyncio.gather(
            store.commit([Put(A, b"x", expect=a), Check(B, b)]),
            store.commit([Put(B, b"x", expect=b), Check(A, a)]),
            return_exceptions=True,
        )
        assert sorted(isinstance(result, PreconditionFailed) for result in results) == [False, True]


async def test_a_commit_takes_as_many_keys_as_allowed(store: Store) -> None:
    keys = [f"/peapod/pods/default/{i:03}" for i in range(MOST_OPERATIONS)]
    revision = await store.commit([Put(key, b"x", expect=0) for key in keys])
    assert [entry.revision for entry in (await store.list("/peapod/")).entries] == [revision] * len(keys)


async def test_a_commit_takes_as_many_bytes_as_allowed(store: Store) -> None:
    big = b"\xff" * MOST_BYTES
    revision = await store.commit([Put(A, big)])
    assert await store.get(A) == Entry(A, big, revision)


@pytest.mark.parametrize(
    "operations",
    [
        [Put(A, b"1"), Delete(A)],
        [Put(A, b"1"), Check(A, 0)],
        [Put(f"/peapod/{i}", b"") for i in range(MOST_OPERATIONS + 1)],
        [Put(A, b"x" * MOST_BYTES), Put(B, b"x")],
        [Put("/elsewhere/a", b"1")],
        [Put("/peapod/.head", b"1")],
    ],
    ids=["a key twice", "a key written and checked", "too many keys", "too many bytes", "outside", "the engine's own"],
)
async def test_a_commit_beyond_the_limits_is_refused(store: Store, operations: list[Put]) -> None:
    before = await store.revision()
    with pytest.raises(Invalid):
        await store.commit(operations)
    assert await store.revision() == before


async def test_of_many_who_create_the_same_key_at_once_one_succeeds(store: Store) -> None:
    results = await asyncio.gather(
        *(store.commit([Put(A, b"%d" % i, expect=0)]) for i in range(32)), return_exceptions=True
    )
    revisions = [result for result in results if isinstance(result, int)]
    assert len(revisions) == 1
    winner = await store.get(A)
    assert winner == Entry(A, b"%d" % results.index(revisions[0]), revisions[0])
    assert all(r.current == {A: winner} for r in results if isinstance(r, PreconditionFailed))


async def test_counters_that_many_raise_by_compare_and_swap_lose_nothing(store: Store) -> None:
    await store.commit([Put(A, b"0")])

    async def raise_it() -> None:
        entry = await store.get(A)
        while True:
            assert entry is not None
            try:
                await store.commit([Put(A, b"%d" % (int(entry.value) + 1), expect=entry.revision)])
                return
            except PreconditionFailed as failure:
                entry = failure.current[A]

    await asyncio.gather(*(raise_it() for _ in range(24)))
    entry = await store.get(A)
    assert entry is not None
    assert entry.value == b"24"


async def test_transfers_between_keys_never_show_a_wrong_sum(store: Store) -> None:
    keys = [f"/peapod/pods/default/{i}" for i in range(4)]
    await store.commit([Put(key, b"100") for key in keys])

    async def transfer(source: str, target: str) -> None:
        for _ in range(10):
            found = {entry.key: entry for entry in (await store.list("/peapod/")).entries}
            assert sum(int(entry.value) for entry in found.values()) == 400
            less, more = int(found[source].value) - 1, int(found[target].value) + 1
            operations = [
                Put(source, b"%d" % less, expect=found[source].revision),
                Put(target, b"%d" % more, expect=found[target].revision),
            ]
            with suppress(PreconditionFailed):
                await store.commit(operations)

    await asyncio.gather(*(transfer(a, b) for a in keys for b in keys if a != b))


async def test_a_cancelled_caller_disturbs_nobody(store: Store) -> None:
    keys = [f"/peapod/pods/default/{i:02}" for i in range(40)]
    commits = [asyncio.create_task(store.commit([Put(key, b"x", expect=0)])) for key in keys]
    await asyncio.sleep(0)
    for commit in commits[::2]:
        commit.cancel()
    results = await asyncio.gather(*commits, return_exceptions=True)
    assert all(isinstance(result, int) for result in results[1::2])
    stored = {entry.key for entry in (await store.list("/peapod/")).entries}
    assert stored >= set(keys[1::2])
    assert await store.commit([Put(A, b"x")]) >= max(result for result in results if isinstance(result, int))


async def test_what_was_committed_is_there_when_the_store_is_opened_again(place: Place) -> None:
    async with place.open() as store:
        put = await store.commit([Put(A, b"1"), Put(B, b"1")])
        deleted = await store.commit([Delete(B)])
    async with place.open() as store:
        assert await store.revision() >= deleted
        assert (await store.list("/peapod/")).entries == [Entry(A, b"1", put)]
        assert await store.commit([Put(A, b"2", expect=put)]) > deleted
