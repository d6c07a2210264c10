"""A store is told from all others, and from one that takes its place when its data is lost."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from peapod.apiserver.storage.store import Compacted, Entry, Put, Store
from peapod.common.errors import Unavailable
from tests.support.etcd import EtcdServer, running_etcd
from tests.support.stores import ROOT, Place, put_all, replay

KEY = "/peapod/pods/default/a"


@pytest.fixture
def etcd_server() -> Iterator[EtcdServer]:
    """A server whose data may be lost."""
    with running_etcd() as server:
        yield server


@pytest.fixture
async def etcd_store(etcd_server: EtcdServer) -> AsyncIterator[Store]:
    async with Place(etcd_server.url).open() as store:
        yield store


async def id_at(place: Place) -> str:
    async with place.open() as store:
        return (await store.list(ROOT)).store_id


async def watch(store: Store, after: int) -> None:
    async with aclosing(store.watch(ROOT, after)) as batches:
        await anext(batches)


async def test_a_store_keeps_its_id(place: Place) -> None:
    before = await id_at(place)
    async with place.open() as store:
        await put_all(store, [KEY])
    assert await id_at(place) == before != ""


async def test_stores_that_commit_before_they_look_agree_on_the_id(place: Place) -> None:
    async with place.open() as store:
        await store.commit([Put(KEY, b"1")])
        first = (await store.list(ROOT)).store_id
    assert await id_at(place) == first


async def test_a_file_that_was_deleted_is_another_store(tmp_path: Path) -> None:
    place = Place(f"sqlite:///{tmp_path}/peapod.db")
    before = await id_at(place)
    shutil.rmtree(tmp_path)
    assert await id_at(place) != before


@pytest.mark.etcd
async def test_stores_below_different_prefixes_are_different(etcd_server: EtcdServer) -> None:
    assert await id_at(Place(etcd_server.url)) != await id_at(Place(f"{etcd_server.url}/other"))


@pytest.mark.etcd
async def test_when_etcd_loses_its_data_nothing_of_before_is_mixed_with_the_new(
    etcd_server: EtcdServer, etcd_store: Store
) -> None:
    revision = await etcd_store.commit([Put(KEY, b"old")])
    before = await etcd_store.list(ROOT)
    lose_data(etcd_server)
    async with Place(etcd_server.url).open() as other:
        newest = await other.commit([Put(KEY, b"new")])
        while newest <= revision:
            newest = await other.commit([Put(KEY, b"new")])
    for call in (etcd_store.commit([Put(KEY, b"old", expect=newest)]), etcd_store.revision()):
        with pytest.raises(Unavailable, match="no longer has the store"):
            await call
    with pytest.raises(Compacted):
        await watch(etcd_store, revision)
    after = await etcd_store.list(ROOT)
    assert after.store_id != before.store_id
    assert after.entries == [Entry(KEY, b"new", newest)]
    history = await replay(etcd_store)
    again = await etcd_store.commit([Put(KEY, b"newer", expect=newest)])
    assert [change.value for change in (await history.follow(etcd_store, again)).changes] == [b"newer"]


@pytest.mark.etcd
async def test_a_watch_does_not_wait_for_an_earlier_state_to_catch_up(
    etcd_server: EtcdServer, etcd_store: Store, tmp_path: Path
) -> None:
    data = etcd_server.members[0].directory / etcd_server.members[0].name
    before = await etcd_store.list(ROOT)
    etcd_server.kill()
    shutil.copytree(data, tmp_path / "backup")
    etcd_server.restart()
    revision = max(await put_all(etcd_store, [KEY]))
    etcd_server.kill()
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "backup", data)
    etcd_server.restart()
    with pytest.raises(Compacted):
        await watch(etcd_store, revision)
    assert (await etcd_store.list(ROOT)).store_id == before.store_id


def lose_data(server: EtcdServer) -> None:
    server.kill()
    shutil.rmtree(server.members[0].directory / server.members[0].name)
    server.restart()
