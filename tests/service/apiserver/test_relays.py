"""What the apiserver asks of nodes and of the scheduler: conversations, their ends, and what is lost in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from peapod.common import errors
from peapod.common.server import Server
from peapod.v1 import meta_pb2, node_pb2, pod_pb2, pod_service_pb2
from peapod.v1 import node_service_pb2 as nodes
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.exec_pb2 import ExecInput, ExecOptions, TerminalSize
from peapod.v1.kubelet_service_rpc import DESCRIPTOR as KUBELET
from peapod.v1.kubelet_service_rpc import kubelet_service_handler
from peapod.v1.placement_pb2 import Placement
from peapod.v1.scheduler_service_pb2 import ExplainPlacementRequest, ExplainPlacementResponse
from peapod.v1.scheduler_service_rpc import DESCRIPTOR as SCHEDULER
from peapod.v1.scheduler_service_rpc import SchedulerServiceServicer, scheduler_service_handler
from tests.support.apiserver import OwnApi, running_apiserver
from tests.support.fake_kubelet import BYE, CLOSED, ECHO, PIECE, FakeKubelet, Meter
from tests.support.objects import make_pod
from tests.support.wire import Wire, wire_to

PATIENCE = 60
PIECES = 1024
"""Of 64 KiB: what a slow reader must not make anybody hold."""
HELD_MOST = PIECES // 2


@asynccontextmanager
async def serving(names: Sequence[str], *handlers: Callable[..., grpc.GenericRpcHandler]) -> AsyncGenerator[Server]:
    server = Server("127.0.0.1:0", "test", lambda guard: [handler(guard) for handler in handlers], names)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(0)


@pytest.fixture
async def kubelet() -> FakeKubelet:
    return FakeKubelet()


@pytest.fixture
async def wire(kubelet: FakeKubelet) -> AsyncGenerator[Wire]:
    """The way to the kubelet."""
    async with (
        serving([KUBELET.full_name], lambda guard: kubelet_service_handler(kubelet, guard)) as server,
        wire_to(server.address) as wire,
    ):
        yield wire


@pytest.fixture
async def api(tmp_path: Path, wire: Wire) -> AsyncGenerator[OwnApi]:
    """An apiserver with the pod web on the kubelet's node."""
    async with running_apiserver(tmp_path / "db") as api:
        node = node_pb2.Node(metadata=meta_pb2.ObjectMeta(name="n1"))
        node.status.daemon_endpoints.kubelet_address = wire.address
        await api.nodes.heartbeat_node(nodes.HeartbeatNodeRequest(node=node))
        await create(api, make_pod("web", node="n1"))
        yield api


async def create(api: OwnApi, pod: pod_pb2.Pod) -> pod_pb2.Pod:
    return (await api.pods.create_pod(pods.CreatePodRequest(pod=pod))).pod


async def forever(first: Any) -> AsyncGenerator[Any, None]:
    """Say the first thing and leave the conversation open."""
    yield first
    await asyncio.Event().wait()


def opening(*command: str, name: str = "web", **options: Any) -> pods.ExecInPodRequest:
    options |= {"command": command}
    return pods.ExecInPodRequest(target=pods.ExecTarget(name=name, options=ExecOptions(**options)))


def told(**given: Any) -> pods.ExecInPodRequest:
    return pods.ExecInPodRequest(input=ExecInput(**given))


async def say(*requests: Any) -> AsyncIterator[Any]:
    for request in requests:
        yield request


async def run(api: OwnApi, requests: AsyncIterator[pods.ExecInPodRequest]) -> tuple[bytes, bytes, int]:
    """Run a command to its end: what it wrote to either output, and its exit code."""
    out, err, code = b"", b"", -1
    async with asyncio.timeout(PATIENCE), api.pods.exec_in_pod(requests) as stream:
        async for answer in stream:
            out, err = out + answer.output.stdout, err + answer.output.stderr
            if answer.output.HasField("exit_code"):
                code = answer.output.exit_code
    return out, err, code


async def refusal(api: OwnApi, requests: AsyncIterator[pods.ExecInPodRequest]) -> errors.PeapodError:
    with pytest.raises(grpc.RpcError) as caught:
        await run(api, requests)
    return errors.from_rpc(caught.value)


async def test_a_command_gets_its_input_and_says_its_output(api: OwnApi, kubelet: FakeKubelet) -> None:
    asked = opening("cat", stdin=True, tty=True, size=TerminalSize(columns=80, rows=25))
    assert await run(api, say(asked, told(stdin=b"one"), told(stdin=b"two"))) == (b"onetwo", b"", 0)
    (target,) = kubelet.targets
    stored = (await api.pods.get_pod(pods.GetPodRequest(name="web"))).pod
    assert (target.pod_uid, target.container) == (stored.metadata.uid, "c")
    assert target.options == asked.target.options


async def test_an_exit_code_is_passed_on(api: OwnApi) -> None:
    assert await run(api, say(opening("exit", "7"))) == (b"", b"bye", 7)


async def test_a_command_whose_caller_leaves_is_ended(api: OwnApi, kubelet: FakeKubelet) -> None:
    async with api.pods.exec_in_pod(forever(opening("hang"))):
        await asyncio.wait_for(kubelet.until(live=1), PATIENCE)
    await asyncio.wait_for(kubelet.until(live=0), PATIENCE)


async def test_a_log_whose_reader_leaves_is_ended(api: OwnApi, kubelet: FakeKubelet) -> None:
    async with api.pods.stream_pod_logs(pods.StreamPodLogsRequest(name="web")) as stream:
        assert (await anext(aiter(stream))).data == b"a line\n"
    await asyncio.wait_for(kubelet.until(live=0), PATIENCE)


async def test_a_kubelet_that_is_lost_in_the_middle(api: OwnApi, kubelet: FakeKubelet, wire: Wire) -> None:
    asking = asyncio.create_task(refusal(api, forever(opening("hang"))))
    await asyncio.wait_for(kubelet.until(live=1), PATIENCE)
    wire.cut()
    error = await asking
    assert isinstance(error, errors.Unavailable)
    assert error.message == "the kubelet of node n1 cannot be reached now"


async def test_an_apiserver_that_stops_ends_what_it_relays(api: OwnApi, kubelet: FakeKubelet) -> None:
    asking = asyncio.create_task(refusal(api, forever(opening("hang"))))
    await asyncio.wait_for(kubelet.until(live=1), PATIENCE)
    await api.apiserver.server.stop()
    assert isinstance(await asking, errors.Unavailable)
    await asyncio.wait_for(kubelet.until(live=0), PATIENCE)


async def test_what_cannot_be_asked(api: OwnApi) -> None:
    await create(api, make_pod("nowhere"))
    await create(api, make_pod("astray", node="gone"))
    two = make_pod("two", node="n1")
    two.spec.containers.add(name="d", image="i")
    await create(api, two)
    assert isinstance(await refusal(api, say(opening("cat", name="none"))), errors.NotFound)
    assert isinstance(await refusal(api, say(opening("cat", name="nowhere"))), errors.NotReady)
    assert (await refusal(api, say(opening("cat", name="astray")))).message == "node gone is not registered"
    unnamed = await refusal(api, say(opening("cat", name="two")))
    assert [violation.field for violation in unnamed.violations] == ["container"]
    assert isinstance(await refusal(api, say(told(stdin=b"x"))), errors.Invalid)
    assert isinstance(await refusal(api, say()), errors.Invalid)


async def test_garbage_in_the_middle_is_named_and_ends_the_command(api: OwnApi, kubelet: FakeKubelet) -> None:
    async def requests() -> AsyncGenerator[bytes, None]:
        yield opening("hang").SerializeToString()
        await kubelet.until(live=1)
        yield b"\xff"

    call = api.channel.stream_stream("/peapod.v1.PodService/ExecInPod")(requests())
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await asyncio.wait_for(call.read(), PATIENCE)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    await asyncio.wait_for(kubelet.until(live=0), PATIENCE)


async def test_output_waits_for_a_slow_reader(api: OwnApi, kubelet: FakeKubelet) -> None:
    async with api.pods.exec_in_pod(forever(opening("flood", str(PIECES)))) as stream:
        answers = aiter(stream)
        received = len((await anext(answers)).output.stdout)
        assert await kubelet.written.halt() < HELD_MOST
        async for answer in answers:
            received += len(answer.output.stdout)
            if answer.output.HasField("exit_code"):
                break
    assert received == PIECES * len(PIECE)


async def test_input_waits_for_a_command_that_does_not_read(api: OwnApi, kubelet: FakeKubelet) -> None:
    sent = Meter()

    async def requests() -> AsyncGenerator[pods.ExecInPodRequest, None]:
        yield opening("deaf")
        for _ in range(PIECES):
            yield told(stdin=PIECE)
            sent.tick()

    running = asyncio.create_task(run(api, requests()))
    assert await sent.halt() < HELD_MOST
    kubelet.hear.set()
    assert (await running)[2] == PIECES


def to_port(port: int) -> pods.PortForwardPodRequest:
    return pods.PortForwardPodRequest(target=pods.PortForwardTarget(name="web", port=port))


async def connect(api: OwnApi, requests: AsyncIterator[pods.PortForwardPodRequest]) -> list[bytes]:
    async with asyncio.timeout(PATIENCE), api.pods.port_forward_pod(requests) as stream:
        return [answer.data async for answer in stream]


async def test_what_is_sent_before_this_half_closes_is_answered_after(api: OwnApi) -> None:
    asked = (pod_service_pb2.PortForwardPodRequest(data=data) for data in (b"one", b"two"))
    assert await connect(api, say(to_port(ECHO), *asked)) == [b"", b"one", b"two", b"bye"]


async def test_the_pods_half_closes_first(api: OwnApi, kubelet: FakeKubelet) -> None:
    assert await connect(api, forever(to_port(BYE))) == [b"", b"bye"]
    await asyncio.wait_for(kubelet.until(live=0), PATIENCE)


async def test_a_connection_that_is_left_is_closed(api: OwnApi, kubelet: FakeKubelet) -> None:
    async with api.pods.port_forward_pod(forever(to_port(ECHO))) as stream:
        assert (await anext(aiter(stream))).data == b""
    await asyncio.wait_for(kubelet.until(live=0), PATIENCE)


async def test_a_port_where_nothing_listens(api: OwnApi) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        await connect(api, forever(to_port(CLOSED)))
    error = errors.from_rpc(caught.value)
    assert (type(error), error.message) == (errors.NotReady, "nothing listens there")


class Judge(SchedulerServiceServicer):
    async def explain_placement(self, request: ExplainPlacementRequest, context: Any) -> ExplainPlacementResponse:
        return ExplainPlacementResponse(placement=Placement(summary=f"{request.pod.metadata.name} is fine"))


async def explanation(api: OwnApi, name: str = "web") -> str:
    await create(api, make_pod("web"))
    return (await api.pods.explain_pod(pods.ExplainPodRequest(name=name))).placement.summary


async def test_the_scheduler_is_asked_about_a_pod(tmp_path: Path) -> None:
    async with (
        serving([SCHEDULER.full_name], lambda guard: scheduler_service_handler(Judge(), guard)) as server,
        running_apiserver(tmp_path / "db", scheduler=server.address) as api,
    ):
        assert await explanation(api) == "web is fine"


@pytest.mark.parametrize(
    ("address", "name", "kind", "message"),
    [
        ("", "web", errors.Unavailable, "this apiserver was not told where the scheduler is (--scheduler)"),
        ("unix:/nowhere", "web", errors.Unavailable, "no scheduler answers now"),
        ("", "none", errors.NotFound, 'Pod "none" not found in namespace default'),
    ],
)
async def test_nobody_explains(
    tmp_path: Path, address: str, name: str, kind: type[errors.PeapodError], message: str
) -> None:
    async with running_apiserver(tmp_path / "db", scheduler=address) as api:
        with pytest.raises(grpc.RpcError) as caught:
            await explanation(api, name)
        error = errors.from_rpc(caught.value)
        assert (type(error), error.message) == (kind, message)
