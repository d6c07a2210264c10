"""A store whose disk is full says so, keeps nothing of what it refused, and works again when there is room."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import grpc
import pytest
from etcd3.etcdrpc import rpc_pb2, rpc_pb2_grpc

from peapod.apiserver.storage.store import Put, Store
from peapod.common.errors import StoreFull
from tests.support.disks import Relieve, small_disk
from tests.support.etcd import EtcdServer, running_etcd
from tests.support.stores import ROOT, Place

VALUE = os.urandom(8000)


def _small_disk(directory: Path) -> AbstractContextManager[Relieve]:
    return small_disk(directory, 3)


@contextmanager
def _small_files(_directory: Path) -> Iterator[Relieve]:
    """Let no file of this process grow beyond 3 MiB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, before[1]))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("cramp", [_small_disk, _small_files])
async def test_a_full_disk_under_sqlite(
    cramp: Callable[[Path], AbstractContextManager[Relieve]], tmp_path: Path
) -> None:
    directory = tmp_path / "disk"
    directory.mkdir()
    place = Place(f"sqlite:///{directory}/store.db")
    with cramp(directory) as relieve:
        async with place.open() as store:
            kept = await _fill(store)
            relieve()
            kept["/peapod/after"] = await store.commit([Put("/peapod/after", VALUE)])
        async with place.open() as store:
            assert await _revisions(store) == kept


@pytest.mark.etcd
async def test_a_full_etcd() -> None:
    with running_etcd(arguments=["--quota-backend-bytes=2097152"]) as server:
        async with Place(server.url).open() as store:
            kept = await _fill(store)
            await store.compact(await store.revision())
            _make_room(server)
            kept["/peapod/after"] = await store.commit([Put("/peapod/after", VALUE)])
            assert await _revisions(store) == kept


async def _fill(store: Store) -> dict[str, int]:
    """Write the same keys again and again until the store is full; return each one's last acknowledged revision."""
    keys = [f"/peapod/pods/{i}" for i in range(8)]
    acknowledged: dict[str, int] = {}
    refused: set[type] = set()
    while not refused:
        results = await asyncio.gather(*(store.commit([Put(key, VALUE)]) for key in keys), return_exceptions=True)
        acknowledged |= {key: r for key, r in zip(keys, results, strict=True) if isinstance(r, int)}
        refused = {type(r) for r in results if not isinstance(r, int)}
    assert refused == {StoreFull}
    with pytest.raises(StoreFull):
        await store.commit([Put("/peapod/more", VALUE * 20)])
    assert await _revisions(store) == acknowledged
    return acknowledged


async def _revisions(store: Store) -> dict[str, int]:
    return {entry.key: entry.revision for entry in (await store.list(ROOT)).entries}


def _make_room(server: EtcdServer) -> None:
    """Do what an operator does once old revisions are compacted away."""
    with grpc.insecure_channel(server.endpoints[0]) as channel:
        maintenance = rpc_pb2_grpc.MaintenanceStub(channel)
        maintenance.Defragment(rpc_pb2.DefragmentRequest())
        alarms = maintenance.Alarm(rpc_pb2.AlarmRequest(action=rpc_pb2.AlarmRequest.GET)).alarms
        for alarm in alarms:
            maintenance.Alarm(
                rpc_pb2.AlarmRequest(action=rpc_pb2.AlarmRequest.DEACTIVATE, memberID=alarm.memberID, alarm=alarm.alarm)
            )
