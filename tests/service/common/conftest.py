"""A real server of a fake servicer, and channels to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

import grpc.aio
import pytest

from peapod.common.channel import open_channel
from peapod.common.server import Server
from peapod.v1.pod_service_rpc import DESCRIPTOR, PodServiceClient, PodServiceServicer, pod_service_handler
from tests.support.fake_pods import FakePods

Serve = Callable[..., Awaitable[Server]]
Connect = Callable[[str], PodServiceClient]


@pytest.fixture
async def serve() -> AsyncGenerator[Serve]:
    """Start servers, which are stopped at the end: `await serve(servicer, address)`."""
    servers = []

    async def start(servicer: PodServiceServicer, address: str = "127.0.0.1:0", *, metrics_address: str = "") -> Server:
        server = Server(
            address,
            "test",
            lambda guard: [pod_service_handler(servicer, guard)],
            [DESCRIPTOR.full_name],
            metrics_address=metrics_address,
        )
        servers.append(server)
        await server.start()
        return server

    yield start
    for server in servers:
        await server.stop(0)


@pytest.fixture
async def channel() -> AsyncGenerator[Callable[[str], grpc.aio.Channel]]:
    """Open channels, which are closed at the end."""
    channels = []

    def start(address: str) -> grpc.aio.Channel:
        channels.append(open_channel(address))
        return channels[-1]

    yield start
    for one in channels:
        await one.close()


@pytest.fixture
def connect(channel: Callable[[str], grpc.aio.Channel]) -> Connect:
    """Make clients: `connect(address)`."""
    return lambda address: PodServiceClient(channel(address))


@pytest.fixture
async def fake() -> FakePods:
    return FakePods()
