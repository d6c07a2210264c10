"""Waits until a cluster works: all services serve, and the node takes pods. Nothing here polls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import grpc.aio
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from peapod.common.channel import open_channel
from peapod.common.errors import Unavailable
from peapod.common.rpc import Client, MessageStream
from peapod.v1 import meta_pb2, node_pb2
from peapod.v1.node_service_pb2 import WatchNodesRequest
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod_cli.cluster import Cluster

_STORE_REPLACED = "StoreReplaced"
"""Why a kubelet says that its node is not ready, where only a person can tell whether its pods are to be given up."""


class Readiness:
    """What a cluster still has to wait for; `missing` names it while `wait` runs."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.missing = {service.name for service in cluster.services()}

    async def wait(self) -> None:
        """Return once all is ready; what is not there yet is waited for without end."""
        services = [service for service in self._cluster.services() if service.health]
        waits = [self._service(service.name, service.health) for service in services]
        await asyncio.gather(*waits, self._node())

    async def _service(self, name: str, address: str) -> None:
        await serving(address)
        self.missing.discard(name)

    async def _node(self) -> None:
        """Wait until the node is ready, and its kubelet serves where the node says."""
        async with _opened(self._cluster.apiserver_address) as channel:
            request = WatchNodesRequest(field_selector=f"metadata.name={self._cluster.node}")
            while True:
                await channel.channel_ready()
                try:
                    if await _ready(NodeServiceClient(channel), request):
                        break
                except grpc.aio.AioRpcError:
                    continue
        self.missing.discard("kubelet")


async def _ready(client: NodeServiceClient, request: WatchNodesRequest) -> bool:
    """Follow the node; what is known of it from earlier runs counts only if its kubelet answers now. Raises
    `Unavailable` when it will not become ready by itself.
    """
    async with client.watch_nodes(request) as stream:
        async for response in stream:
            for node in (change.node for change in response.events):
                condition = _condition(node)
                final = condition.status == meta_pb2.CONDITION_STATUS_TRUE or condition.reason == _STORE_REPLACED
                if not final or not await _answers(node.status.daemon_endpoints.kubelet_address):
                    continue
                if condition.reason == _STORE_REPLACED:
                    raise Unavailable(f"the node is not ready: {condition.message}")
                return True
    return False


def _condition(node: node_pb2.Node) -> node_pb2.NodeCondition:
    found = (condition for condition in node.status.conditions if condition.type == "Ready")
    return next(found, node_pb2.NodeCondition())


class _Health(Client):
    async def check(self) -> HealthCheckResponse:
        return await self._unary("/grpc.health.v1.Health/Check", HealthCheckRequest(), HealthCheckResponse, 5)

    def watch(self) -> MessageStream[HealthCheckResponse]:
        return self._stream("/grpc.health.v1.Health/Watch", HealthCheckRequest(), HealthCheckResponse, None)


async def _answers(address: str) -> bool:
    async with _opened(address) as channel:
        try:
            return (await _Health(channel).check()).status == HealthCheckResponse.SERVING
        except grpc.aio.AioRpcError:
            return False


async def serving(address: str) -> None:
    """Wait until the service at an address says that it serves."""
    async with _opened(address) as channel:
        while True:
            await channel.channel_ready()
            try:
                async with _Health(channel).watch() as stream:
                    async for response in stream:
                        if response.status == HealthCheckResponse.SERVING:
                            return
            except grpc.aio.AioRpcError:
                continue


@asynccontextmanager
async def _opened(address: str) -> AsyncIterator[grpc.aio.Channel]:
    channel = open_channel(address)
    try:
        yield channel
    finally:
        await channel.close()
