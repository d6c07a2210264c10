"""`peapod log`, relayed from a node's kubelet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest

from peapod.common.errors import Unsupported
from peapod.common.server import Server
from peapod.v1 import kubelet_service_pb2 as pb
from peapod.v1 import node_pb2, node_service_pb2, pod_service_pb2
from peapod.v1.kubelet_service_rpc import KubeletServiceServicer, kubelet_service_handler
from tests.service.cli.conftest import PODTEST, Outcome, Run, start
from tests.support.apiserver import Api

LINE = "2015-01-08T11:52:15.000000000Z Server started\n"


class Node(KubeletServiceServicer):
    """A kubelet with one line of log for every container, which it goes on with once it is told to."""

    def __init__(self) -> None:
        self.asked: list[pb.StreamContainerLogsRequest] = []
        self.more = asyncio.Event()

    async def stream_container_logs(
        self, request: pb.StreamContainerLogsRequest, context: Any
    ) -> AsyncGenerator[pb.StreamContainerLogsResponse, None]:
        self.asked.append(request)
        yield pb.StreamContainerLogsResponse(data=LINE.encode())
        if request.options.follow:
            await self.more.wait()
            yield pb.StreamContainerLogsResponse(data="and on: é\n".encode())

    async def exec_in_container(self, requests: Any, context: Any) -> AsyncGenerator[pb.ExecInContainerResponse, None]:
        raise Unsupported("not here")
        yield

    async def port_forward(self, requests: Any, context: Any) -> AsyncGenerator[pb.PortForwardResponse, None]:
        raise Unsupported("not here")
        yield


@pytest.fixture
async def node(peapod: Run, api: Api) -> AsyncIterator[Node]:
    node = Node()
    server = Server("127.0.0.1:0", "kubelet", lambda guard: (kubelet_service_handler(node, guard),), ())
    await server.start()
    seen = node_pb2.Node(metadata={"name": "node-1"})
    seen.status.daemon_endpoints.kubelet_address = server.address
    await api.nodes.heartbeat_node(node_service_pb2.HeartbeatNodeRequest(node=seen))
    await peapod("create", "-f", str(PODTEST))
    binding = pod_service_pb2.Binding(namespace="default", name="podtest", node_name="node-1")
    await api.pods.bind_pods(pod_service_pb2.BindPodsRequest(bindings=[binding]))
    yield node
    await server.stop()


async def test_a_log_always_has_time_stamps(peapod: Run, node: Node) -> None:
    assert await peapod("log", "podtest", "master1") == Outcome(0, LINE, "")
    [request] = node.asked
    assert request.container == "master1"
    assert request.options.timestamps
    assert not request.options.HasField("tail_lines")


async def test_a_log_can_do_without_them(peapod: Run, node: Node) -> None:
    assert (await peapod("log", "podtest", "-c", "master1", "--no-timestamps")).out == LINE
    assert not node.asked[0].options.timestamps


async def test_a_log_can_begin_some_time_ago(peapod: Run, node: Node) -> None:
    before = time.time()
    assert (await peapod("log", "podtest", "master1", "--since", "1h30m")).status == 0
    asked = node.asked[0].options.since_time.ToNanoseconds() / 1e9
    assert before - 5400 - 1e-3 <= asked <= time.time() - 5400
    # Longer ago than there was time: from the beginning of it.
    assert (await peapod("log", "podtest", "master1", "--since", "9999999999999h")).status == 0
    assert node.asked[1].options.since_time.seconds == 0


async def test_a_log_can_be_shortened(peapod: Run, node: Node) -> None:
    words = ["--tail", "0", "--previous", "--since-time", "2015-01-08T11:52:15Z"]
    assert (await peapod("logs", "pod/podtest", "master2", *words)).out == LINE
    options = node.asked[0].options
    assert (options.HasField("tail_lines"), options.tail_lines, options.previous) == (True, 0, True)
    assert options.since_time.seconds == 1420717935


async def test_a_log_that_is_followed_comes_as_it_is_written(api: Api, node: Node) -> None:
    process = await start(api.address, "log", "podtest", "-f", "master1")
    assert process.stdout
    assert (await process.stdout.readline()).decode() == LINE
    node.more.set()
    out, err = await process.communicate()
    assert (process.returncode, out.decode(), err) == (0, "and on: é\n", b"")


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["podtest"], 'Pod "podtest": container must be one of master1, master2'),
        (["podtest", "master3"], 'Pod "podtest": container must be one of master1, master2'),
        (["nope"], 'Pod "nope" not found in namespace default'),
        (["node/node-1"], "minions have no log; name a pod"),
        (["podtest", "master1", "--since", "yesterday"], '--since: "yesterday" is no duration such as 90s'),
        (["podtest", "master1", "--since", "10"], '--since: "10" is no duration such as 90s'),
        (["podtest", "master1", "--since", "2015-01-08T11:52:15"], '--since: "2015-01-08T11:52:15" is no time with a'),
        (["podtest", "master1", "--since-time", "today"], '--since-time: "today" is no time with a zone'),
        (["podtest", "master1", "--since", "1h", "--since-time", "2015-01-08T11:52:15Z"], "--since and --since-time"),
        (["podtest", "master1", "-c", "master2"], "one container has a log at a time, not master1 and master2"),
        ([], "say of which pod: peapod log POD [CONTAINER]"),
        (["podtest", "master1", "--tail", "-1"], "argument --tail"),
    ],
)
async def test_what_has_no_log_is_said(peapod: Run, words: list[str], why: str) -> None:
    outcome = await peapod("log", *words)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: {why}")
    assert len(outcome.errors) == 1
