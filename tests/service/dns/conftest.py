"""A DNS server beside a real apiserver, and another server that it asks."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from peapod.dns.server import Dns
from tests.support.apiserver import OwnApi
from tests.support.dns import Client, Double, heard, running_dns, running_double


@pytest.fixture
async def upstream() -> AsyncGenerator[Double]:
    async with running_double() as double:
        yield double


@pytest.fixture
async def server(api: OwnApi, upstream: Double) -> AsyncGenerator[Dns]:
    """One that knows all services that there are."""
    async with running_dns(api.address, upstream) as running:
        await heard(running)
        yield running


@pytest.fixture
def client(server: Dns) -> Client:
    return Client(server)
