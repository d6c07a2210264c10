"""Nothing is bound before all nodes and all pods are known: a part of them would make the choice a wrong one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import grpc
import pytest

from peapod.common.rpc import stream_handler, unary_handler
from peapod.common.server import Server
from peapod.v1 import meta_pb2
from peapod.v1 import node_service_pb2 as nodes
from peapod.v1 import pod_service_pb2 as pods
from tests.service.scheduler.conftest import running_scheduler
from tests.support.objects import make_node, make_pod

ADDED = meta_pb2.EVENT_TYPE_ADDED


class SlowApiserver:
    """Sends the first object of each kind at once, and the rest of the snapshot when a test says so."""

    def __init__(self) -> None:
        self.rest = {"pods": asyncio.Event(), "nodes": asyncio.Event()}
        self.sent = {"pods": asyncio.Event(), "nodes": asyncio.Event()}
        self.bound: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def watch_pods(self, _request: Any, _context: Any) -> AsyncGenerator[pods.WatchPodsResponse]:
        waiting, taken = make_pod("web", ports=[80]), make_pod("other", node="n1", ports=[80])
        yield pods.WatchPodsResponse(events=[pods.PodChange(type=ADDED, pod=waiting)])
        self.sent["pods"].set()
        await self.rest["pods"].wait()
        yield pods.WatchPodsResponse(events=[pods.PodChange(type=ADDED, pod=taken)], revision=1)
        await asyncio.Event().wait()

    async def watch_nodes(self, _request: Any, _context: Any) -> AsyncGenerator[nodes.WatchNodesResponse]:
        yield nodes.WatchNodesResponse(events=[nodes.NodeChange(type=ADDED, node=make_node("n1"))])
        self.sent["nodes"].set()
        await self.rest["nodes"].wait()
        yield nodes.WatchNodesResponse(events=[nodes.NodeChange(type=ADDED, node=make_node("n2"))], revision=1)
        await asyncio.Event().wait()

    async def bind(self, request: pods.BindPodsRequest, _context: Any) -> pods.BindPodsResponse:
        self.bound.put_nowait({binding.name: binding.node_name for binding in request.bindings})
        return pods.BindPodsResponse(results=[meta_pb2.ItemResult(resource_version=2)] * len(request.bindings))


def handlers(slow: SlowApiserver) -> list[grpc.GenericRpcHandler]:
    return [
        grpc.method_handlers_generic_handler(
            "peapod.v1.PodService",
            {
                "WatchPods": stream_handler(slow.watch_pods, pods.WatchPodsRequest),
                "BindPods": unary_handler(slow.bind, pods.BindPodsRequest),
            },
        ),
        grpc.method_handlers_generic_handler(
            "peapod.v1.NodeService", {"WatchNodes": stream_handler(slow.watch_nodes, nodes.WatchNodesRequest)}
        ),
    ]


@pytest.mark.parametrize("last", ["pods", "nodes"])
async def test_half_a_snapshot_binds_nothing(last: str) -> None:
    slow = SlowApiserver()
    server = Server("127.0.0.1:0", "fake", lambda _guard: handlers(slow), [])
    await server.start()
    try:
        async with running_scheduler(server.address, leader_elect=False), asyncio.timeout(10):
            for sent in slow.sent.values():
                await sent.wait()
            slow.rest["nodes" if last == "pods" else "pods"].set()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(slow.bound.get(), 0.3)
            slow.rest[last].set()
            assert await slow.bound.get() == {"web": "n2"}
    finally:
        await server.stop(0)
