"""What the apiserver asks of nodes on behalf of its clients."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import grpc
import grpc.aio

from peapod.apiserver.registry import Registry
from peapod.common.channel import open_channel
from peapod.common.errors import NotFound, Unavailable, from_rpc
from peapod.v1 import kubelet_service_pb2, log_pb2, node_pb2, pod_pb2
from peapod.v1.kubelet_service_rpc import KubeletServiceClient


class Relay:
    """Speaks to kubelets at the addresses that they registered, over one channel each."""

    def __init__(self, nodes: Registry[node_pb2.Node]) -> None:
        self._nodes = nodes
        self._channels: dict[str, grpc.aio.Channel] = {}

    async def close(self) -> None:
        """Let go of all channels."""
        for channel in self._channels.values():
            await channel.close()

    async def container_logs(
        self, pod: pod_pb2.Pod, container: str, options: log_pb2.LogOptions
    ) -> AsyncGenerator[bytes, None]:
        """Stream a container's log. Raises `Unavailable` when the node cannot be reached, and what it answers."""
        client = KubeletServiceClient(await self._channel(pod.spec.node_name))
        request = kubelet_service_pb2.StreamContainerLogsRequest(
            pod_uid=pod.metadata.uid, container=container, options=options
        )
        try:
            async with client.stream_container_logs(request) as stream:
                async for piece in stream:
                    yield piece.data
        except grpc.RpcError as error:
            raise _explained(error, pod.spec.node_name) from error

    async def _channel(self, node_name: str) -> grpc.aio.Channel:
        try:
            node = await self._nodes.read("", node_name)
        except NotFound as missing:
            raise Unavailable(f"node {node_name} is not registered") from missing
        address = node.status.daemon_endpoints.kubelet_address
        if not address:
            raise Unavailable(f"node {node_name} has not said where its kubelet listens")
        if address not in self._channels:
            self._channels[address] = open_channel(address)
        return self._channels[address]


def _explained(error: grpc.RpcError, node_name: str) -> Exception:
    answer = from_rpc(error)
    if isinstance(answer, Unavailable):
        return Unavailable(f"the kubelet of node {node_name} cannot be reached now")
    return answer
