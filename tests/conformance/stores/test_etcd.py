"""What is the distributed engine's own: many stores on one cluster, lost members, lost answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import grpc
import pytest
from etcd3.etcdrpc import rpc_pb2, rpc_pb2_grpc

from peapod.apiserver.storage.etcd import EtcdStore
from peapod.apiserver.storage.open import open_store
from peapod.apiserver.storage.store import Check, Compacted, Delete, Entry, PreconditionFailed, Put, Store
from peapod.common.errors import Unavailable
from tests.support.etcd import EtcdServer, running_etcd
from tests.support.stores import Place, put_all, replay
from tests.support.wire import wire_to

pytestmark = pytest.mark.etcd
A, B = "/peapod/pods/default/a", "/peapod/pods/default/b"


@pytest.fixture
def server() -> Iterator[EtcdServer]:
    """A server that only this test uses, and may harm."""
    with running_etcd() as server:
        yield server


@pytest.fixture
async def witness(etcd_place: Place) -> AsyncIterator[Store]:
    async with etcd_place.open() as store:
        yield store


def _keys(etcd: EtcdServer, place: Place) -> list[str]:
    """All keys at a place, also those that no store shows."""
    prefix = place.url.removeprefix(etcd.url).encode()
    with grpc.insecure_channel(etcd.endpoints[0]) as channel:
        question = rpc_pb2.RangeRequest(key=prefix + b"/", range_end=prefix + b"0")
        answer = rpc_pb2_grpc.KVStub(channel).Range(question)
    return [stored.key.removeprefix(prefix).decode() for stored in answer.kvs]


async def test_stores_on_one_cluster_see_each_other(etcd_place: Place, witness: Store) -> None:
    history = await replay(witness)
    async with etcd_place.open() as store:
        created = await store.commit([Put(A, b"1", expect=0)])
        assert await witness.get(A) == Entry(A, b"1", created)
        assert await witness.revision() == created
        with pytest.raises(PreconditionFailed):
            await witness.commit([Put(A, b"2", expect=0)])
        deleted = await witness.commit([Delete(A, expect=created)])
        assert await store.revision() == deleted
    await history.follow(witness, deleted)
    assert [change.value for change in history.changes] == [b"1", None]


async def test_many_stores_raise_one_counter_and_lose_nothing(etcd_place: Place, witness: Store) -> None:
    start = await witness.commit([Put(A, b"0")])

    async def raise_it(store: Store) -> None:
        for _ in range(10):
            entry = Entry(A, b"0", start)
            while True:
                try:
                    await store.commit([Put(A, b"%d" % (int(entry.value) + 1), expect=entry.revision)])
                    break
                except PreconditionFailed as failure:
                    current = failure.current[A]
                    assert current is not None
                    entry = current

    stores = [open_store(etcd_place.url) for _ in range(4)]
    await asyncio.gather(*(raise_it(store) for store in stores for _ in range(2)))
    for store in stores:
        await store.close()
    entry = await witness.get(A)
    assert entry is not None
    assert entry.value == b"80"


async def test_stores_with_different_prefixes_do_not_meet(etcd: EtcdServer, etcd_place: Place) -> None:
    async with etcd_place.open() as store, Place(f"{etcd.url}/other/").open() as other:
        history = await replay(store)
        await other.commit([Put(A, b"other's")])
        end = await store.commit([Put(B, b"own")])
        assert [change.key for change in (await history.follow(store, end)).changes] == [B]
        assert [entry.key for entry in (await store.list("/peapod/")).entries] == [B]
        assert A in _keys(etcd, Place(f"{etcd.url}/other"))


async def test_commits_that_wait_share_transactions(witness: Store) -> None:
    before = await witness.revision()
    revisions = await put_all(witness, [f"/peapod/{i}" for i in range(500)])
    assert max(revisions) - before < 12


async def test_a_closed_store_leaves_nothing_of_its_own(etcd: EtcdServer, etcd_place: Place) -> None:
    async with etcd_place.open() as store:
        await store.commit([Put(A, b"1")])
        assert len(_keys(etcd, etcd_place)) == 3
        assert [entry.key for entry in (await store.list("/peapod/")).entries] == [A]
        assert await store.get("/peapod/.head") is None
    assert _keys(etcd, etcd_place) == ["/peapod/.head", A]
    for call in (store.get(A), store.list("/peapod/"), store.revision(), store.commit([Put(A, b"")])):
        with pytest.raises(Unavailable, match="closed"):
            await call


async def test_a_commit_whose_answer_is_lost_is_done_once(etcd: EtcdServer, etcd_place: Place, witness: Store) -> None:
    async with wire_to(etcd.endpoints[0]) as wire:
        store = open_store(etcd_place.url.replace(etcd.endpoints[0], wire.address))
        taken = await store.commit([Put(B, b"1")])
        history = await replay(witness)
        wire.hold_answers()
        commits = [
            asyncio.create_task(store.commit(operations))
            for operations in ([Put(A, b"1", expect=0)], [Put(B, b"2", expect=0)], [Delete("/peapod/none")])
        ]
        await history.follow(witness, taken + 1)
        wire.cut()
        wire.release()
        done, failed, nothing = await asyncio.gather(*commits, return_exceptions=True)
        assert await witness.get(A) == Entry(A, b"1", done)
        assert isinstance(failed, PreconditionFailed)
        assert failed.current == {B: Entry(B, b"1", taken)}
        assert nothing == done
        assert await witness.revision() == done
        assert await store.commit([Put(A, b"2", expect=done)]) == done + 1
        await store.close()
    assert [change.key for change in history.changes] == [A]


async def test_of_many_commits_whose_answer_is_lost_each_learns_what_became_of_it(
    etcd: EtcdServer, etcd_place: Place, witness: Store
) -> None:
    async with wire_to(etcd.endpoints[0]) as wire:
        store = open_store(etcd_place.url.replace(etcd.endpoints[0], wire.address))
        mark = await store.commit([Put(A, b"1")])
        history = await replay(witness)
        wire.hold_answers()
        commits = [
            asyncio.create_task(store.commit([Put(f"/peapod/{number}", b"", 0), Check(A, mark), Check(B, number % 2)]))
            for number in range(90)
        ]
        await history.follow(witness, mark + 1)
        wire.cut()
        wire.release()
        results = await asyncio.gather(*commits, return_exceptions=True)
        assert set(results[::2]) == {mark + 1}
        assert all(isinstance(result, PreconditionFailed) and result.current == {B: None} for result in results[1::2])
        await store.close()


async def test_an_outage_is_told_in_time_and_survived(server: EtcdServer) -> None:
    store = EtcdStore(server.endpoints, patience=0.5)
    first = await store.commit([Put(A, b"1")])
    history = await replay(store)
    following = asyncio.create_task(history.follow(store, first + 1))
    server.kill()
    calls = (store.commit([Put(A, b"lost", expect=0)]), store.get(A), store.list("/peapod/"), store.revision())
    failures = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(f, Unavailable) and "does not answer" in f.message for f in failures)
    await asyncio.to_thread(server.restart)
    second = await store.commit([Put(A, b"2", expect=first)])
    await following
    assert [change.revision for change in history.changes] == [second]
    await store.close()


async def test_closing_does_not_wait_for_a_server_that_is_silent(etcd: EtcdServer, etcd_place: Place) -> None:
    async with wire_to(etcd.endpoints[0]) as wire:
        store = open_store(etcd_place.url.replace(etcd.endpoints[0], wire.address))
        await store.commit([Put(A, b"1")])
        wire.hold()
        calls = (store.get(A), store.revision(), anext(store.watch("/peapod/", 1), None))
        waiting = [asyncio.create_task(call) for call in calls]
        await asyncio.sleep(0.1)
        started = time.monotonic()
        await store.close()
        assert time.monotonic() - started < 3
        *failures, nothing = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(failure, Unavailable) and "closed" in failure.message for failure in failures)
        assert nothing is None


async def test_a_cluster_that_loses_a_member_goes_on() -> None:
    with running_etcd(members=3) as server:
        async with Place(server.url).open() as store:
            history = await replay(store)
            written: list[int] = []
            for member in (0, 1, 2):
                written += await put_all(store, [f"/peapod/{member}/{i}" for i in range(50)])
                server.kill(member)
                written += await put_all(store, [f"/peapod/{member}/again/{i}" for i in range(50)])
                assert await store.revision() == max(written)
                await history.follow(store, max(written))
                await asyncio.to_thread(server.restart, member)
            assert sorted(change.revision for change in history.changes) == sorted(written)
            assert len(history.entries) == 300


async def test_one_watch_stays_whole_while_members_come_and_go() -> None:
    with running_etcd(members=3) as server:
        async with Place(server.url).open() as store:
            history = await replay(store)
            async with aclosing(store.watch("/peapod/", history.revision)) as batches:
                for member in (0, 1, 2, 0):
                    revisions = await put_all(store, [f"/peapod/{i}" for i in range(100)])
                    server.kill(member)
                    while history.revision < max(revisions):
                        batch = await anext(batches)
                        history.apply(batch.changes, batch.revision)
                    await asyncio.to_thread(server.restart, member)
            assert len(history.changes) == 400


async def test_old_history_is_compacted_as_new_is_made(server: EtcdServer) -> None:
    store = EtcdStore(server.endpoints, remember=0.05)
    start = await store.commit([Put(A, b"0")])
    for _ in range(3):
        await asyncio.sleep(0.06)
        newest = await store.commit([Put(A, b"1")])
    assert start < await _compacted(store, start) < newest
    await store.close()


async def _compacted(store: Store, after: int) -> int:
    """Watch again and again until that is refused, and return the oldest revision that is left."""
    while True:
        try:
            async with aclosing(store.watch("/peapod/", after)) as batches:
                await anext(batches)
        except Compacted as gap:
            return gap.revision
