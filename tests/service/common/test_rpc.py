"""The typed clients: no stream outlives its block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import grpc
import grpc.aio
import pytest

from peapod.common.channel import open_sync_channel
from peapod.common.server import Server
from peapod.v1 import pod_service_pb2 as pb
from peapod.v1.exec_pb2 import ExecInput
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


TARGET = pb.ExecInPodRequest(target=pb.ExecTarget(name="a"))


def piece(data: bytes) -> pb.ExecInPodRequest:
    return pb.ExecInPodRequest(input=ExecInput(stdin=data))


async def test_a_conversation_goes_to_and_fro(client: PodServiceClient) -> None:
    answers: asyncio.Queue[bytes] = asyncio.Queue()

    async def requests() -> AsyncGenerator[pb.ExecInPodRequest, None]:
        yield TARGET
        for data in (b"one", b"two"):
            yield piece(data)
            assert await answers.get() == data

    codes = []
    async with client.exec_in_pod(requests()) as stream:
        async for answer in stream:
            if answer.output.HasField("exit_code"):
                codes.append(answer.output.exit_code)
            else:
                answers.put_nowait(answer.output.stdout)
    assert codes == [2]


async def test_a_conversation_that_is_left_ends_on_the_server(fake: FakePods, client: PodServiceClient) -> None:
    silence = asyncio.Event()

    async def requests() -> AsyncGenerator[pb.ExecInPodRequest, None]:
        yield TARGET
        await silence.wait()

    async with client.exec_in_pod(requests()):
        await fake.until(live=1)
    await fake.until(live=0)


@pytest.mark.parametrize("broken", [b"\xff", None], ids=["garbage", "no target"])
async def test_a_conversation_that_begins_badly_is_refused(server: Server, broken: bytes | None) -> None:
    async def requests() -> AsyncGenerator[bytes, None]:
        yield broken if broken is not None else piece(b"x").SerializeToString()

    async with grpc.aio.insecure_channel(server.address) as channel:
        call = channel.stream_stream("/peapod.v1.PodService/ExecInPod")(requests())
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_blocking_conversation(server: Server) -> None:
    def talk() -> list[bytes]:
        with open_sync_channel(server.address) as channel:
            answers = PodServiceSyncClient(channel).exec_in_pod([TARGET, piece(b"one")])
            return [answer.output.stdout for answer in answers]

    assert await asyncio.to_thread(talk) == [b"one", b""]
