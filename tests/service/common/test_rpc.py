"""The typed clients: no stream outlives its block."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from peapod.common.channel import open_sync_channel
from peapod.common.server import Server
from peapod.v1 import pod_service_pb2 as pb
from peapod.v1.pod_service_rpc import PodServiceClient, PodServiceSyncClient
from tests.support.fake_pods import FakePods

WATCH = pb.WatchPodsRequest()


@pytest.fixture
async def server(serve: Callable[..., Awaitable[Server]], fake: FakePods) -> Server:
    return await serve(fake)


@pytest.fixture
async def client(server: Server, connect: Callable[[str], PodServiceClient]) -> PodServiceClient:
    return connect(server.address)


async def test_streams_that_are_left_early_end_on_the_server(fake: FakePods, client: PodServiceClient) -> None:
    for opened in range(20):
        async with client.watch_pods(WATCH) as stream:
            async for response in stream:
                assert response.revision == fake.revision
                break
            await fake.until(opened=opened + 1)
    await fake.until(live=0)


async def test_so_does_one_whose_reader_fails(fake: FakePods, client: PodServiceClient) -> None:
    async def read() -> None:
        async with client.watch_pods(WATCH) as stream:
            async for _ in stream:
                raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        await read()
    await fake.until(live=0)


async def test_a_stream_can_be_ended_from_elsewhere(fake: FakePods, client: PodServiceClient) -> None:
    async with client.watch_pods(WATCH) as stream:
        async for _ in stream:
            asyncio.get_running_loop().call_soon(stream.cancel)
            break
        with pytest.raises(asyncio.CancelledError):
            async for _ in stream:
                pass
    await fake.until(live=0)


async def test_a_stream_is_read_inside_its_block(client: PodServiceClient) -> None:
    stream = client.watch_pods(WATCH)
    with pytest.raises(RuntimeError, match="async with"):
        aiter(stream)
    stream.cancel()


async def test_a_blocking_stream_ends_with_its_iterator(fake: FakePods, server: Server) -> None:
    def read() -> int:
        with open_sync_channel(server.address) as channel:
            for response in PodServiceSyncClient(channel).watch_pods(WATCH):
                return response.revision
        return 0

    assert await asyncio.to_thread(read) == fake.revision
    await fake.until(live=0)
