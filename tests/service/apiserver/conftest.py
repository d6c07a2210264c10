"""An apiserver on each store."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from tests.support.apiserver import Api, running_apiserver
from tests.support.etcd import running_etcd


@pytest.fixture(params=["sqlite", pytest.param("etcd", marks=pytest.mark.etcd)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/peapod.db"
    else:
        with running_etcd() as etcd:
            yield etcd.url


@pytest.fixture
async def api(store: str) -> AsyncGenerator[Api]:
    """Clients of an apiserver on an empty store."""
    async with running_apiserver(store) as running:
        yield running


@pytest.fixture
async def apis(api: Api, store: str) -> AsyncGenerator[list[Api]]:
    """Clients of all apiservers that an empty store can have: two on etcd, the one on SQLite."""
    if store.startswith("sqlite"):
        yield [api]
    else:
        async with running_apiserver(store) as second:
            yield [api, second]
