"""What survives kill -9, of the process that holds the store and of the etcd server: every acknowledged commit."""

from __future__ import annotations

import asyncio
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from peapod.apiserver.storage.store import PreconditionFailed, Put, Store
from peapod.common.errors import Unavailable
from tests.support.etcd import EtcdServer, running_etcd
from tests.support.stores import ROOT, Place, Replay, replay

COMMITTER = Path(__file__).with_name("committer.py")
ROUNDS = 5


async def test_what_a_killed_process_acknowledged_is_there(place: Place) -> None:
    rounds = random.Random(7)
    async with place.open() as store:
        history = await replay(store)
    for number in range(ROUNDS):
        acknowledged = await _commit_and_kill(place, str(number), rounds.randrange(1, 1500))
        async with place.open() as store:
            await _check(store, history, acknowledged)


async def _commit_and_kill(place: Place, name: str, count: int) -> dict[str, int]:
    """Let a process commit, kill it when it has acknowledged `count` commits, and return all that it had."""
    process = await asyncio.create_subprocess_exec(sys.executable, COMMITTER, place.url, name, stdout=PIPE)
    acknowledged = {}
    async for key, revision in _lines(process):
        acknowledged[key] = revision
        if len(acknowledged) == count:
            process.kill()
    await process.wait()
    return acknowledged


async def _lines(process: Process) -> AsyncIterator[tuple[str, int]]:
    assert process.stdout is not None
    while (line := await process.stdout.readline()).endswith(b"\n"):
        key, revision = line.split()
        yield key.decode(), int(revision)


async def _check(store: Store, history: Replay, acknowledged: dict[str, int]) -> None:
    entries = {entry.key: entry for entry in (await store.list(ROOT)).entries}
    assert {key: entries[key].revision for key in acknowledged} == acknowledged
    await history.follow(store, await store.revision())
    assert history.entries == entries
    created = [change.key for change in history.changes if change.previous is None]
    assert len(set(created)) == len(created)


@pytest.mark.etcd
async def test_commits_and_watches_outlive_the_server() -> None:
    """The same store object goes on while etcd is killed and restarted under load, and loses and doubles nothing."""
    with running_etcd() as server:
        async with Place(server.url).open() as store:
            history = await replay(store)
            stop = asyncio.Event()
            watching = asyncio.create_task(_watch_to_end(store, history))
            writing = [asyncio.create_task(_write_until(stop, store, number)) for number in range(16)]
            await _kill_and_restart(server, store)
            stop.set()
            acknowledged = {key: revision for own in await asyncio.gather(*writing) for key, revision in own.items()}
            await store.commit([Put("/peapod/end", b"")])
            await watching
            entries = {entry.key: entry for entry in (await store.list(ROOT)).entries}
    assert history.entries == entries
    assert {key: entries[key].revision for key in acknowledged} == acknowledged
    seen = [change.key for change in history.changes]
    assert len(set(seen)) == len(seen)


async def _kill_and_restart(server: EtcdServer, store: Store) -> None:
    moments = random.Random(11)
    async with aclosing(store.watch(ROOT, await store.revision())) as batches:
        for _ in range(3):
            seen, wanted = 0, moments.randrange(50, 500)
            while seen < wanted:
                seen += len((await anext(batches)).changes)
            server.kill()
            await asyncio.to_thread(server.restart)


async def _write_until(stop: asyncio.Event, store: Store, number: int) -> dict[str, int]:
    acknowledged = {}
    count = 0
    while not stop.is_set():
        key = f"/peapod/pods/{number}/{count}"
        count += 1
        try:
            acknowledged[key] = await store.commit([Put(key, b"x", expect=0)])
        except PreconditionFailed:
            pytest.fail(f"{key} was created twice")
        except Unavailable:
            continue
    return acknowledged


async def _watch_to_end(store: Store, history: Replay) -> None:
    async with aclosing(store.watch(ROOT, history.revision)) as batches:
        async for batch in batches:
            history.apply(batch.changes, batch.revision)
            if "/peapod/end" in history.entries:
                return
