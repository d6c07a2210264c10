"""What the tests of the gateway share: one on an apiserver in this process, or both as processes for each module."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
import pytest_asyncio

from peapod.gateway.server import Gateway
from tests.support.apiserver import OwnApi
from tests.support.forwarding import Browser, running_gateway
from tests.support.gateway import Pair, running_pair

_numbers = itertools.count(1)


@pytest.fixture
async def forwarding(api: OwnApi) -> AsyncGenerator[Gateway]:
    """A gateway in this process."""
    async with running_gateway(api.address) as gateway:
        yield gateway


@pytest.fixture
async def browser(forwarding: Gateway) -> Browser:
    """A client of that gateway."""
    return Browser(forwarding.web.address)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """A gateway in front of an apiserver, both as processes."""
    async with running_pair(tmp_path_factory.mktemp("pair")) as running:
        yield running


@pytest.fixture
def rest(pair: Pair) -> str:
    """Where HTTP is served."""
    return pair.address


@pytest.fixture
def ns() -> str:
    """A namespace that no other test uses, and a name for what is in none."""
    return f"space-{next(_numbers)}"
