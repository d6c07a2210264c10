"""The server that every service runs, over real connections."""

from __future__ import annotations

import asyncio
import gc
import logging
import urllib.request
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

import peapod
from peapod.common import errors, options
from peapod.common.errors import Invalid, PeapodError, StoreFull, Unavailable, Violation
from peapod.common.server import Server
from peapod.v1 import pod_pb2, version_service_pb2
from peapod.v1 import pod_service_pb2 as pb
from peapod.v1.meta_pb2 import ObjectMeta
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod.v1.version_service_rpc import VersionServiceClient
from tests.support.fake_pods import FakePods

Serve = Callable[..., Awaitable[Server]]
Connect = Callable[[str], PodServiceClient]
OpenChannel = Callable[[str], grpc.aio.Channel]

GET = "/peapod.v1.PodService/GetPod"
WATCH = "/peapod.v1.PodService/WatchPods"
LOGS = "/peapod.v1.PodService/StreamPodLogs"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Service(FakePods):
    """Does in GetPod and StreamPodLogs what the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.entered = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.release = asyncio.Event()
        self.flooding = asyncio.Event()

    async def get_pod(self, request: pb.GetPodRequest, context: Any) -> pb.GetPodResponse:
        self.entered.set()
        if request.name == "abort":
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you")
        if request.name == "patient":
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        if self.error:
            raise self.error
        return pb.GetPodResponse(pod=pod_pb2.Pod(metadata=ObjectMeta(name=request.name[:100])))

    async def stream_pod_logs(self, request: Any, context: Any) -> AsyncGenerator[pb.StreamPodLogsResponse, None]:
        self._live += 1
        try:
            yield pb.StreamPodLogsResponse(data=b"first")
            if self.error:
                raise self.error
            while request.name == "flood":
                self.flooding.set()
                yield pb.StreamPodLogsResponse(data=bytes(1_000_000))
        finally:
            self._live -= 1
            self._wake()


@pytest.fixture
async def service() -> Service:
    return Service()


@pytest.fixture
async def server(serve: Serve, service: Service) -> Server:
    return await serve(service)


@pytest.fixture
async def client(server: Server, connect: Connect) -> PodServiceClient:
    return connect(server.address)


async def failed(call: Awaitable[Any]) -> PeapodError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return errors.from_rpc(caught.value)


async def read_all(client: PodServiceClient, into: list[bytes]) -> None:
    async with client.stream_pod_logs(pb.StreamPodLogsRequest()) as stream:
        async for response in stream:
            into.append(response.data)


def measured(server: Server, name: str, **labels: str) -> float:
    return server.registry.get_sample_value(f"peapod_rpc_{name}", labels) or 0.0


async def test_an_error_arrives_as_it_was_raised(server: Server, service: Service, client: PodServiceClient) -> None:
    service.error = Invalid("wrong, ü", [Violation.required("spec.containers"), Violation("b", "c")])
    error = await failed(client.get_pod(pb.GetPodRequest()))
    assert isinstance(error, Invalid)
    assert (error.message, error.violations, error.reason) == ("wrong, ü", service.error.violations, "INVALID")
    assert measured(server, "handled_total", method=GET, code="INVALID_ARGUMENT") == 1


async def test_kinds_of_one_code_are_told_apart(service: Service, client: PodServiceClient) -> None:
    service.error = StoreFull("disk full")
    assert isinstance(await failed(client.get_pod(pb.GetPodRequest())), StoreFull)


async def test_an_error_of_thousands_of_fields_arrives(service: Service, client: PodServiceClient) -> None:
    service.error = Invalid("ü" * 10_000, [Violation(f"f[{number}]", "is wrong") for number in range(10_000)])
    error = await failed(client.get_pod(pb.GetPodRequest()))
    assert isinstance(error, Invalid)
    assert error.violations[0] == Violation("f[0]", "is wrong")
    assert "more fields are wrong" in error.violations[-1].description


async def test_a_bug_is_logged_once_and_tells_the_caller_nothing(
    server: Server, service: Service, client: PodServiceClient, caplog: pytest.LogCaptureFixture
) -> None:
    service.error = RuntimeError("a secret")
    error = await failed(client.get_pod(pb.GetPodRequest()))
    assert (error.code, error.message) == (grpc.StatusCode.INTERNAL, "internal error")
    (record,) = caplog.records
    assert record.getMessage() == f"{GET} failed"
    assert "a secret" in caplog.text
    assert measured(server, "handled_total", method=GET, code="INTERNAL") == 1


async def test_a_method_may_abort_by_itself(server: Server, client: PodServiceClient) -> None:
    error = await failed(client.get_pod(pb.GetPodRequest(name="abort")))
    assert (error.code, error.message) == (grpc.StatusCode.UNAUTHENTICATED, "who are you")
    # The method aborts before the guard counts, so the client may hear of it first.
    await server.stop(0)
    assert measured(server, "handled_total", method=GET, code="UNAUTHENTICATED") == 1


async def test_what_is_well_is_measured(server: Server, client: PodServiceClient) -> None:
    for _ in range(3):
        await client.get_pod(pb.GetPodRequest())
    await read_all(client, [])
    assert measured(server, "handled_total", method=GET, code="OK") == 3
    assert measured(server, "seconds_count", method=GET) == 3
    assert measured(server, "handled_total", method=LOGS, code="OK") == 1
    assert measured(server, "streams", method=LOGS) == 0


async def test_a_stream_may_fail_in_the_middle(server: Server, service: Service, client: PodServiceClient) -> None:
    service.error = Unavailable("the node is gone")
    read: list[bytes] = []
    assert isinstance(await failed(read_all(client, read)), Unavailable)
    assert read == [b"first"]
    assert measured(server, "handled_total", method=LOGS, code="UNAVAILABLE") == 1
    assert service.live == 0


async def test_a_call_that_is_given_up_is_cancelled(
    server: Server, service: Service, client: PodServiceClient, caplog: pytest.LogCaptureFixture
) -> None:
    call = asyncio.create_task(client.get_pod(pb.GetPodRequest(name="patient")))
    await service.entered.wait()
    call.cancel()
    await service.cancelled.wait()
    await asyncio.sleep(0)
    assert measured(server, "handled_total", method=GET, code="CANCELLED") == 1
    assert not caplog.records


@pytest.mark.parametrize("name", ["idle", "flood"])
async def test_a_stream_that_is_given_up_is_closed_at_once(
    service: Service, client: PodServiceClient, name: str
) -> None:
    gc.disable()  # it must not take the collector
    try:
        if name == "flood":
            async with client.stream_pod_logs(pb.StreamPodLogsRequest(name=name)):
                await service.flooding.wait()
        else:
            async with client.watch_pods(pb.WatchPodsRequest()):
                await service.until(live=1)
        await service.until(live=0)
    finally:
        gc.enable()


async def test_stopping_ends_the_streams_first(
    server: Server, service: Service, client: PodServiceClient, caplog: pytest.LogCaptureFixture
) -> None:
    live_before = []
    server.before_stop.append(lambda: live_before.append(service.live))

    async def watch() -> PodServiceClient:
        async with client.watch_pods(pb.WatchPodsRequest()) as stream:
            async for _ in stream:
                pass
        return client

    watches = [asyncio.create_task(watch()) for _ in range(5)]
    await service.until(live=5)
    assert measured(server, "streams", method=WATCH) == 5
    started = asyncio.get_running_loop().time()
    await server.stop(grace=10)
    assert asyncio.get_running_loop().time() - started < 2
    for call in watches:
        assert isinstance(await failed(call), Unavailable)
    assert live_before == [5]
    assert service.live == 0
    assert measured(server, "streams", method=WATCH) == 0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    await server.stop()


async def test_readers_may_leave_while_the_server_stops(
    server: Server, service: Service, client: PodServiceClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def watch() -> None:
        async with client.watch_pods(pb.WatchPodsRequest()) as stream:
            async for _ in stream:
                pass

    watches = [asyncio.create_task(watch()) for _ in range(60)]
    await service.until(live=60)
    for call in watches[:20]:
        call.cancel()
    stop = asyncio.create_task(server.stop(grace=10))
    await asyncio.sleep(0)
    for call in watches[20:40]:
        call.cancel()
    await asyncio.wait_for(stop, 5)
    await asyncio.gather(*watches, return_exceptions=True)
    assert service.live == 0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_stopping_does_not_wait_for_a_slow_reader(
    server: Server, service: Service, client: PodServiceClient
) -> None:
    async with client.stream_pod_logs(pb.StreamPodLogsRequest(name="flood")):
        await service.flooding.wait()
        started = asyncio.get_running_loop().time()
        await server.stop(grace=0.5)
        assert asyncio.get_running_loop().time() - started < 3
    assert service.live == 0


async def test_a_call_that_runs_is_finished(server: Server, service: Service, client: PodServiceClient) -> None:
    call = asyncio.create_task(client.get_pod(pb.GetPodRequest(name="patient")))
    await service.entered.wait()
    server.before_stop.append(service.release.set)
    await server.stop()
    assert (await call).pod.metadata.name == "patient"


async def test_a_call_that_runs_too_long_is_cut_off(server: Server, service: Service, client: PodServiceClient) -> None:
    call = asyncio.create_task(client.get_pod(pb.GetPodRequest(name="patient")))
    await service.entered.wait()
    await server.stop(grace=0.1)
    error = await failed(call)
    assert error.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


async def test_a_callback_that_fails_or_hangs_does_not_stop_stopping(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    async def hang() -> None:
        await asyncio.Event().wait()

    server.before_stop += [fail, hang]
    await server.stop(grace=0.1)
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


async def test_health_follows_the_life_of_the_server(serve: Serve, service: Service, channel: OpenChannel) -> None:
    server = await serve(service)
    health = health_pb2_grpc.HealthStub(channel(server.address))

    async def asked(name: str) -> int:
        response = await health.Check(health_pb2.HealthCheckRequest(service=name))
        return int(response.status)

    assert [await asked(name) for name in ("", "peapod.v1.PodService", "peapod.v1.VersionService")] == [SERVING] * 3
    error = await failed(health.Check(health_pb2.HealthCheckRequest(service="peapod.v1.NodeService")))
    assert error.code == grpc.StatusCode.NOT_FOUND

    seen = []

    async def ask() -> None:
        seen.append(await asked(""))

    server.before_stop.append(ask)
    await server.stop()
    assert seen == [NOT_SERVING]


async def test_the_server_describes_itself(server: Server, channel: OpenChannel) -> None:
    opened = channel(server.address)
    reflection = reflection_pb2_grpc.ServerReflectionStub(opened)
    call = reflection.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
    async for response in call:
        found = {service.name for service in response.list_services_response.service}
    assert found == {
        "peapod.v1.PodService",
        "peapod.v1.VersionService",
        "grpc.health.v1.Health",
        "grpc.channelz.v1.Channelz",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    channelz = channelz_pb2_grpc.ChannelzStub(opened)
    servers = await channelz.GetServers(channelz_pb2.GetServersRequest())
    assert servers.server
    version = await VersionServiceClient(opened).get_version(version_service_pb2.GetVersionRequest())
    assert (version.version, version.service) == (peapod.__version__, "test")


async def test_metrics_over_http(serve: Serve, service: Service, connect: Connect) -> None:
    server = await serve(service, metrics_address="127.0.0.1:0")
    await connect(server.address).get_pod(pb.GetPodRequest())
    url = f"http://{server.metrics_address}/metrics"

    def fetched() -> str:
        with urllib.request.urlopen(url, timeout=5) as response:
            return str(response.read().decode())

    text = await asyncio.to_thread(fetched)
    assert f'peapod_rpc_handled_total{{code="OK",method="{GET}"}} 1.0' in text
    assert "process_resident_memory_bytes" in text
    await server.stop()
    with pytest.raises(OSError, match="refused"):
        await asyncio.to_thread(fetched)


async def test_a_port_that_is_taken(server: Server, client: PodServiceClient, serve: Serve) -> None:
    with pytest.raises(Unavailable, match=f"cannot listen on {server.address}: address already in use"):
        await serve(Service(), server.address)
    await client.get_pod(pb.GetPodRequest())


async def test_a_metrics_port_that_is_taken_leaves_nothing_open(server: Server, serve: Serve) -> None:
    taken = await serve(Service(), metrics_address="127.0.0.1:0")
    other = Server("127.0.0.1:0", "test", lambda guard: [], [], metrics_address=taken.metrics_address)
    with pytest.raises(Unavailable, match=f"cannot serve metrics on {taken.metrics_address}: address already in use"):
        await other.start()
    await other.stop()
    await serve(Service(), other.address)


def test_what_others_could_reach_is_refused() -> None:
    for settings in ({"address": "0.0.0.0:0"}, {"address": "127.0.0.1:0", "metrics_address": ":0"}):
        with pytest.raises(Invalid, match="--allow-insecure"):
            Server(**settings, service="test", handlers=lambda guard: [], names=[])


async def test_all_interfaces_when_that_is_allowed(connect: Connect) -> None:
    server = Server("0.0.0.0:0", "test", lambda guard: [], [], allow_insecure=True)
    await server.start()
    error = await failed(connect(f"127.0.0.1:{server.port}").get_pod(pb.GetPodRequest()))
    assert error.code == grpc.StatusCode.UNIMPLEMENTED
    await server.stop()


async def test_a_unix_socket(serve: Serve, service: Service, connect: Connect, tmp_path: Path) -> None:
    server = await serve(service, f"unix:{tmp_path}/socket")
    assert server.port == 0
    await connect(server.address).get_pod(pb.GetPodRequest())


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0" * 1000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 1000,
        bytes(range(256)) * 4096,
        b"",
    ],
    ids=["zeros", "http1", "bad-frames", "much", "nothing"],
)
async def test_garbage_on_the_port_harms_nobody(server: Server, client: PodServiceClient, garbage: bytes) -> None:
    for _ in range(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(garbage)
        if garbage:
            # The server may hang up before it has read everything.
            with suppress(ConnectionError):
                await reader.read()
        writer.transport.abort()
    await client.get_pod(pb.GetPodRequest())


@pytest.fixture
def small_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    small = dict(options.SERVER) | {"grpc.max_receive_message_length": 1_000_000}
    monkeypatch.setattr(options, "SERVER", tuple(small.items()))


async def test_a_message_that_is_too_large_is_refused(small_messages: None, serve: Serve, connect: Connect) -> None:
    client = connect((await serve(Service())).address)
    for _ in range(3):
        error = await failed(client.get_pod(pb.GetPodRequest(name="x" * 2_000_000)))
        assert error.code == grpc.StatusCode.RESOURCE_EXHAUSTED
    await client.get_pod(pb.GetPodRequest(name="x" * 900_000))


async def test_a_message_that_is_no_message_is_refused(
    server: Server, channel: OpenChannel, caplog: pytest.LogCaptureFixture
) -> None:
    opened = channel(server.address)
    for _ in range(2):
        error = await failed(opened.unary_unary(GET)(b"\xff\xff\xff"))
        assert isinstance(error, Invalid)
        assert error.message.startswith("the request cannot be read")
    assert not caplog.records
    error = await failed(opened.unary_unary("/peapod.v1.PodService/Nothing")(b""))
    assert error.code == grpc.StatusCode.UNIMPLEMENTED
    await PodServiceClient(opened).get_pod(pb.GetPodRequest())


def test_a_server_tolerates_the_pings_of_its_clients() -> None:
    client, server = dict(options.CHANNEL), dict(options.SERVER)
    assert client["grpc.keepalive_time_ms"] > 2 * server["grpc.http2.min_recv_ping_interval_without_data_ms"]
