"""Runs every test that asks for `place` or `store` on every engine."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from peapod.apiserver.storage.store import Store
from tests.support.etcd import EtcdServer, running_etcd
from tests.support.stores import Place

_prefixes = itertools.count(1)


@pytest.fixture(scope="session")
def etcd() -> Iterator[EtcdServer]:
    """One server for all tests that do it no harm; each has its keys below a prefix of its own."""
    with running_etcd() as server:
        yield server


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    return Place(f"sqlite:///{tmp_path}/store.db")


@pytest.fixture
def etcd_place(etcd: EtcdServer) -> Place:
    return Place(f"{etcd.url}/test-{next(_prefixes)}")


@pytest.fixture(params=["sqlite", pytest.param("etcd", marks=pytest.mark.etcd)])
def place(request: pytest.FixtureRequest) -> Place:
    place: Place = request.getfixturevalue(f"{request.param}_place")
    return place


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    async with place.open() as store:
        yield store
