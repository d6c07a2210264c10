"""Durable commits from 32 writers: both stores, beside their engines used without group commit."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import grpc.aio
from etcd3.etcdrpc import rpc_pb2, rpc_pb2_grpc

from peapod.apiserver.storage.store import Put
from tests.bench.report import Line
from tests.support.etcd import EtcdServer, running_etcd
from tests.support.stores import Place

WRITERS = 32
SECONDS = 2.0
VALUE = os.urandom(800)


class Rate(NamedTuple):
    """Commits per second, and the event loop's CPU time for each, in microseconds."""

    per_second: float
    loop_cpu: float


async def measure(folder: Path) -> AsyncIterator[Line]:
    """Measure each engine bare, then through its store."""
    bare = _bare_sqlite(folder / "bare.db")
    async with Place(f"sqlite:///{folder}/store.db").open() as store:
        through = await _rate(lambda key: store.commit([Put(key, VALUE, expect=0)]))
        alone = await _rate(lambda key: store.commit([Put(key, VALUE, expect=0)]), writers=1)
    yield Line("sqlite: commits, 32 writers", through.per_second, "/s")
    yield Line("sqlite: commits, 32 writers / bare transactions", through.per_second / bare, at_least=2)
    yield Line("sqlite: commits, 1 writer / bare transactions", alone.per_second / bare)
    yield Line("sqlite: CPU of the event loop per commit", through.loop_cpu, "us", at_most=60)
    if shutil.which("etcd"):
        with running_etcd() as server:
            async for line in _measure_etcd(server):
                yield line


async def _measure_etcd(server: EtcdServer) -> AsyncIterator[Line]:
    async with grpc.aio.insecure_channel(server.endpoints[0]) as channel:
        stub = rpc_pb2_grpc.KVStub(channel)
        bare = await _rate(lambda key: stub.Put(rpc_pb2.PutRequest(key=key.encode(), value=VALUE)))
    async with Place(f"{server.url}/store").open() as store:
        through = await _rate(lambda key: store.commit([Put(key, VALUE, expect=0)]))
        looks = await _rate(lambda _: store.revision())
    yield Line("etcd: commits, 32 writers", through.per_second, "/s")
    yield Line("etcd: commits, 32 writers / bare puts", through.per_second / bare.per_second, at_least=1)
    yield Line("etcd: CPU of the event loop per commit", through.loop_cpu, "us", at_most=60)
    yield Line("etcd: revisions looked up, 32 readers", looks.per_second, "/s")


def _bare_sqlite(path: Path) -> float:
    """Synced transactions per second of one row each."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE current (key TEXT PRIMARY KEY, value BLOB)")
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < SECONDS:
            connection.execute("INSERT INTO current VALUES (?, ?)", (f"/peapod/pods/default/{count}", VALUE))
            count += 1
        return count / (time.perf_counter() - start)


async def _rate(call: Callable[[str], Awaitable[object]], writers: int = WRITERS) -> Rate:
    start, cpu = time.perf_counter(), time.thread_time()

    async def write(number: int) -> int:
        count = 0
        while time.perf_counter() - start < SECONDS:
            await call(f"/peapod/pods/{writers}-{number}/{count}")
            count += 1
        return count

    total = sum(await asyncio.gather(*(write(number) for number in range(writers))))
    return Rate(total / (time.perf_counter() - start), (time.thread_time() - cpu) / total * 1e6)
