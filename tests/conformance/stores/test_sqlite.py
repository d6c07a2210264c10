"""What is the embedded engine's own: one process per file, a log that is bounded, a file that is its own."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from peapod.apiserver.storage.open import open_store
from peapod.apiserver.storage.sqlite import SqliteStore
from peapod.apiserver.storage.sqlite_file import SqliteFile
from peapod.apiserver.storage.store import Change, Compacted, Entry, Put
from peapod.common.errors import Invalid, Unavailable
from tests.support.stores import Place, put_all, replay

A = "/peapod/pods/default/a"
_OPEN = "import sys; from peapod.apiserver.storage.open import open_store; open_store(sys.argv[1])"


async def test_a_second_store_is_refused_and_the_first_goes_on(sqlite_place: Place) -> None:
    async with sqlite_place.open() as store:
        with pytest.raises(Unavailable, match="in use"):
            open_store(sqlite_place.url)
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _OPEN, sqlite_place.url, stderr=asyncio.subprocess.PIPE
        )
        _, words = await other.communicate()
        assert b"store.db is in use" in words
        await store.commit([Put(A, b"1")])
    async with sqlite_place.open() as store:
        assert await store.get(A) is not None


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    await asyncio.gather(store.close(), store.close())
    for call in (store.get(A), store.list("/peapod/"), store.revision(), store.commit([Put(A, b"")])):
        with pytest.raises(Unavailable, match="closed"):
            await call
    assert [batch async for batch in store.watch("/peapod/", 1)] == []


async def test_closing_finishes_the_commits_that_wait(sqlite_place: Place) -> None:
    store = open_store(sqlite_place.url)
    commits = [asyncio.create_task(store.commit([Put(f"/peapod/{i}", b"x")])) for i in range(500)]
    await asyncio.sleep(0)
    await store.close()
    revisions = await asyncio.gather(*commits)
    async with sqlite_place.open() as again:
        assert sorted(entry.revision for entry in (await again.list("/peapod/")).entries) == sorted(revisions)


async def test_the_file_is_for_its_owner_alone_and_missing_directories_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "store.db"
    await SqliteStore(path).close()
    assert path.stat().st_mode & 0o077 == 0


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, but long enough to be taken for one " * 100)


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE pods (name TEXT)")


def _directory(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [_garbage, _foreign, _directory])
def test_what_is_no_store_is_refused_and_left_alone(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    make(path)
    before = path.stat()
    for _ in range(2):
        with pytest.raises(Invalid, match=r"store\.db"):
            SqliteStore(path)
    assert path.stat().st_size == before.st_size


async def test_history_is_bounded(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db", keep=500)
    start = await store.revision()
    for i in range(3000):
        await store.commit([Put(f"/peapod/{i % 200}", b"x")])
    recent = await replay(store)
    with pytest.raises(Compacted) as gap:
        await anext(store.watch("/peapod/", start))
    newest = await store.revision()
    assert 500 <= newest - gap.value.revision <= 1000
    assert len((await store.list("/peapod/")).entries) == 200
    await store.commit([Put(A, b"1")])
    assert len((await recent.follow(store, newest + 1)).changes) == 1
    await store.close()


async def test_a_watch_far_behind_reads_the_log_and_joins_the_present(sqlite_place: Place) -> None:
    async with sqlite_place.open() as store:
        history = await replay(store)
        for _ in range(50):
            await put_all(store, [f"/peapod/{i}" for i in range(200)])
        end = await store.revision() + 200
        following = asyncio.create_task(history.follow(store, end))
        await put_all(store, [f"/peapod/{i}" for i in range(200)])
        assert len((await following).changes) == 51 * 200


def test_room_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(SqliteFile(path)) as file:
        for revision in range(2, 200):
            entry = Entry(A, b"x" * 100_000, revision - 1)
            file.append([Change(A, entry.value, revision, entry)])
    full = path.stat().st_size
    with closing(SqliteFile(path)) as file:
        file.mark_compacted(file.revision())
        while file.trim(50):
            pass
        while file.shrink(256):
            pass
        assert file.revision() == 199
        assert file.history(1, 199) == []
        assert list(file.entries()) == [A]
    assert path.stat().st_size < full / 2


def test_what_is_trimmed_is_only_what_is_compacted(tmp_path: Path) -> None:
    with closing(SqliteFile(tmp_path / "store.db")) as file:
        file.append([Change(f"/peapod/{revision}", b"x", revision, None) for revision in range(2, 102)])
        file.mark_compacted(50)
        assert file.trim(30)
        assert not file.trim(30)
        assert [change.revision for change in file.history(0, 101)] == list(range(51, 102))
        assert (file.compacted(), file.revision()) == (50, 101)
