"""An apiserver that namespaces can reach, and the network of a node."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from tests.support import netns
from tests.support.apiserver import OwnApi, running_apiserver
from tests.support.portals import Network, network


@pytest.fixture
async def api(tmp_path: Path) -> AsyncGenerator[OwnApi]:
    """One that listens in the file system, which all namespaces share."""
    async with running_apiserver(tmp_path / "peapod.db", address=f"unix:{tmp_path}/api.sock") as running:
        yield running


@pytest.fixture
def net() -> Iterator[Network]:
    netns.need()
    with network() as made:
        yield made
