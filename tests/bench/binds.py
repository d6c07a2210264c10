"""Binds per second: the real scheduler on a real apiserver with 100 nodes and a heap of pending pods."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from peapod.v1 import meta_pb2, node_pb2
from peapod.v1 import node_service_pb2 as nodes
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient
from tests.bench.calls import rate
from tests.bench.pods import asked_pod
from tests.bench.processes import apiserver, channel_to
from tests.bench.report import Line
from tests.support.service_process import running

NODES = 100
PODS = 3000


async def measure(folder: Path) -> AsyncIterator[Line]:
    """Let a scheduler loose on what waits, and follow its binds."""
    async with apiserver(folder) as server, channel_to(server) as channel:
        await asyncio.gather(*(_register(NodeServiceClient(channel), number) for number in range(NODES)))
        client = PodServiceClient(channel)
        await rate(lambda n: client.create_pod(pods.CreatePodRequest(pod=asked_pod(f"bind-{n:08}"))), PODS)
        following = asyncio.create_task(_follow(client))
        arguments = ["--apiserver", server.address, "--log-level", "warning"]
        async with running("peapod.scheduler", arguments, folder / "scheduler.log"):
            yield Line(f"binds/s with {NODES} nodes", await following, at_least=500)


async def _register(client: NodeServiceClient, number: int) -> None:
    node = node_pb2.Node(metadata=meta_pb2.ObjectMeta(name=f"node-{number:03}"))
    for amounts in (node.status.capacity, node.status.allocatable):
        amounts.update({"cpu": "8", "memory": "32Gi", "pods": "200"})
    node.status.conditions.add(type="Ready", status=meta_pb2.CONDITION_STATUS_TRUE)
    await client.heartbeat_node(nodes.HeartbeatNodeRequest(node=node))


async def _follow(client: PodServiceClient) -> float:
    """Watch bound pods until all are, and return binds per second from the first to the last."""
    first = bound = 0.0
    async with client.watch_pods(pods.WatchPodsRequest(field_selector="spec.node_name!=")) as stream:
        async for batch in stream:
            if batch.events:
                first = first or time.perf_counter()
                bound += len(batch.events)
            if bound >= PODS:
                break
    return PODS / (time.perf_counter() - first)
