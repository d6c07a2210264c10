"""A gateway on an apiserver of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from peapod.gateway.server import Gateway
from tests.support.apiserver import OwnApi
from tests.support.forwarding import Browser, running_gateway


@pytest.fixture
async def forwarding(api: OwnApi) -> AsyncGenerator[Gateway]:
    async with running_gateway(api.address) as gateway:
        yield gateway


@pytest.fixture
async def browser(forwarding: Gateway) -> Browser:
    return Browser(forwarding.web.address)
