"""Channels: fail-over, reconnection, sizes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import grpc.aio
import pytest

from peapod.common import options
from peapod.common.channel import open_channel, open_sync_channel
from peapod.common.failover import FailoverChannel
from peapod.common.server import Server
from peapod.v1 import pod_service_pb2 as pb
from peapod.v1.pod_pb2 import Pod
from peapod.v1.pod_service_rpc import PodServiceClient, PodServiceSyncClient
from tests.support.fake_pods import FakePods
from tests.support.ports import free_port
from tests.support.wire import wire_to

Serve = Callable[..., Awaitable[Server]]
Connect = Callable[[str], PodServiceClient]


async def get_until_answered(client: PodServiceClient, name: str) -> float:
    """Return the seconds that it took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    while True:
        try:
            await client.get_pod(pb.GetPodRequest(name=name))
            return loop.time() - started
        except grpc.aio.AioRpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
            await asyncio.sleep(0.02)


async def read_on(changes: AsyncIterator[object]) -> None:
    async for _ in changes:
        pass


async def serving(serve: Serve, name: str, address: str = "127.0.0.1:0") -> Server:
    fake = FakePods()
    fake.put(name)
    return await serve(fake, address)


@pytest.mark.parametrize("separator", [",", ", "])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_it_uses_the_next_address_when_the_first_is_dead(
    serve: Serve, connect: Connect, separator: str, host: str
) -> None:
    dead, server = free_port(), await serving(serve, "a")
    client = connect(f"{host}:{dead}{separator}{host}:{server.port}")
    assert await get_until_answered(client, "a") < 1
    for _ in range(10):
        await client.get_pod(pb.GetPodRequest(name="a"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_it_fails_over_when_its_server_stops_and_back(serve: Serve, connect: Connect, host: str) -> None:
    first, second = await serving(serve, "a"), await serving(serve, "b")
    client = connect(f"{host}:{first.port},{host}:{second.port}")
    assert await get_until_answered(client, "a") < 1
    await first.stop(0)
    assert await get_until_answered(client, "b") < 1
    await serving(serve, "a", first.address)
    await second.stop(0)
    assert await get_until_answered(client, "a") < 2


async def test_a_name_that_nobody_knows_does_not_matter_beside_one_that_answers(serve: Serve, connect: Connect) -> None:
    server = await serving(serve, "a")
    both = f"nowhere.invalid:1,localhost:{server.port}"
    assert await get_until_answered(connect(both), "a") < 5

    def ask() -> str:
        with open_sync_channel(both) as channel:
            answer = PodServiceSyncClient(channel).get_pod(pb.GetPodRequest(name="a"))
            return answer.pod.metadata.name

    assert await asyncio.to_thread(ask) == "a"


async def test_it_is_ready_when_one_of_several_is(serve: Serve, channel: Callable[[str], grpc.aio.Channel]) -> None:
    server = await serving(serve, "a")
    opened = channel(f"127.0.0.1:{free_port()},{server.address}")
    await opened.channel_ready()
    assert opened.get_state() is grpc.ChannelConnectivity.READY
    changed = asyncio.create_task(opened.wait_for_state_change(grpc.ChannelConnectivity.READY))
    await server.stop(0)
    await changed


async def test_while_one_of_several_serves_no_call_fails_once_the_loss_is_known(serve: Serve) -> None:
    servers = [await serving(serve, "a"), await serving(serve, "a")]
    channels = [open_channel(server.address) for server in servers]
    async with FailoverChannel(channels) as channel:
        client = PodServiceClient(channel)
        for server, its_channel in zip(servers, channels, strict=True):
            for each in channels:
                await each.channel_ready()
            await server.stop(0)
            await its_channel.wait_for_state_change(grpc.ChannelConnectivity.READY)
            for _ in range(3):
                await client.get_pod(pb.GetPodRequest(name="a"))
            await serving(serve, "a", server.address)


async def test_a_restarted_server_is_found_soon(serve: Serve, connect: Connect) -> None:
    server = await serving(serve, "a")
    client = connect(server.address)
    await client.get_pod(pb.GetPodRequest(name="a"))
    await server.stop(0)
    with pytest.raises(grpc.aio.AioRpcError):
        await client.get_pod(pb.GetPodRequest(name="a"))
    await asyncio.sleep(1.5)
    await serving(serve, "a", server.address)
    assert await get_until_answered(client, "a") < 1.5


async def test_a_proxy_for_the_web_is_not_asked(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = await serving(serve, "a")
    await connect(f"localhost:{server.port}").get_pod(pb.GetPodRequest(name="a"))


async def test_messages_may_be_large(serve: Serve, connect: Connect) -> None:
    fake = FakePods()
    fake.pods["big"] = Pod()
    fake.pods["big"].metadata.annotations["x"] = "x" * 20_000_000
    client = connect((await serve(fake)).address)
    answer = await client.get_pod(pb.GetPodRequest(name="big"))
    assert answer.ByteSize() > 20_000_000


async def test_the_blocking_channel(serve: Serve) -> None:
    server = await serving(serve, "a")

    def ask() -> str:
        with open_sync_channel(server.address) as channel:
            client = PodServiceSyncClient(channel)
            responses = client.watch_pods(pb.WatchPodsRequest())
            name = next(responses).events[0].pod.metadata.name
            responses.close()  # type: ignore[attr-defined]
            return name

    assert await asyncio.to_thread(ask) == "a"


@pytest.fixture
def _quick_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make all that clients say of pings a hundred times shorter."""
    pings = ("grpc.keepalive_time_ms", "grpc.keepalive_timeout_ms", "grpc.http2.ping_timeout_ms")
    quick = tuple((name, value // 100 if name in pings else value) for name, value in options.CHANNEL)
    monkeypatch.setattr(options, "CHANNEL", quick)


@pytest.mark.usefixtures("_quick_pings")
async def test_a_server_that_hangs_is_given_up_for_another(serve: Serve, connect: Connect) -> None:
    first, second = await serving(serve, "a"), await serving(serve, "b")
    async with wire_to(first.address) as wire:
        client = connect(f"{wire.address},{second.address}")
        async with client.watch_pods(pb.WatchPodsRequest()) as stream:
            changes = aiter(stream)
            await anext(changes)
            wire.hold()
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await asyncio.wait_for(read_on(changes), 10)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        await get_until_answered(client, "b")
