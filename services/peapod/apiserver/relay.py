"""What the apiserver asks of nodes on behalf of its clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, Generic

import grpc
import grpc.aio

from peapod.apiserver.registry import Registry
from peapod.common.channel import open_channel
from peapod.common.errors import NotFound, PeapodError, Unavailable, from_rpc
from peapod.common.rpc import M, MessageStream
from peapod.v1 import kubelet_service_pb2, log_pb2, node_pb2, pod_pb2
from peapod.v1.exec_pb2 import ExecInput, ExecOptions, ExecOutput
from peapod.v1.kubelet_service_rpc import KubeletServiceClient
from peapod.v1.placement_pb2 import Placement
from peapod.v1.scheduler_service_pb2 import ExplainPlacementRequest
from peapod.v1.scheduler_service_rpc import SchedulerServiceClient

SCHEDULER_SECONDS = 5.0


class Relay:
    """Speaks to kubelets at the addresses that they registered, and to the scheduler, over one channel each.

    `scheduler` is its address, or several, separated by commas; empty is none.
    """

    def __init__(self, nodes: Registry[node_pb2.Node], scheduler: str = "") -> None:
        self._nodes = nodes
        self._scheduler = scheduler
        self._channels: dict[str, grpc.aio.Channel] = {}

    async def close(self) -> None:
        """Let go of all channels."""
        for channel in self._channels.values():
            await channel.close()

    async def container_logs(
        self, pod: pod_pb2.Pod, container: str, options: log_pb2.LogOptions
    ) -> AsyncGenerator[bytes, None]:
        """Stream a container's log. Raises `Unavailable` when the node cannot be reached, and what it answers."""
        request = kubelet_service_pb2.StreamContainerLogsRequest(
            pod_uid=pod.metadata.uid, container=container, options=options
        )
        answers = self._answers(pod.spec.node_name, lambda client: client.stream_container_logs(request))
        async with aclosing(answers):
            async for answer in answers:
                yield answer.data

    async def exec(
        self, pod: pod_pb2.Pod, container: str, options: ExecOptions, inputs: AsyncIterator[ExecInput]
    ) -> AsyncGenerator[ExecOutput, None]:
        """Run a command inside a container. Raises as `container_logs` does, and what `inputs` raises."""
        Request = kubelet_service_pb2.ExecInContainerRequest
        target = kubelet_service_pb2.ContainerExec(pod_uid=pod.metadata.uid, container=container, options=options)
        requests = _Requests(Request(target=target), (Request(input=item) async for item in inputs))
        answers = self._answers(pod.spec.node_name, lambda client: client.exec_in_container(requests), requests)
        async with aclosing(answers):
            async for answer in answers:
                yield answer.output

    async def port_forward(
        self, pod: pod_pb2.Pod, port: int, pieces: AsyncIterator[bytes]
    ) -> AsyncGenerator[bytes, None]:
        """Open a connection to a port of a pod. Raises as `exec` does."""
        Request = kubelet_service_pb2.PortForwardRequest
        target = kubelet_service_pb2.PodPort(pod_uid=pod.metadata.uid, port=port)
        requests = _Requests(Request(target=target), (Request(data=piece) async for piece in pieces))
        answers = self._answers(pod.spec.node_name, lambda client: client.port_forward(requests), requests)
        async with aclosing(answers):
            async for answer in answers:
                yield answer.data

    async def placement(self, pod: pod_pb2.Pod) -> Placement:
        """Ask the scheduler what it thinks of every node for a pod. Raises `Unavailable`."""
        if not self._scheduler:
            raise Unavailable("this apiserver was not told where the scheduler is (--scheduler)")
        client = SchedulerServiceClient(self._open(self._scheduler))
        try:
            answer = await client.explain_placement(ExplainPlacementRequest(pod=pod), timeout=SCHEDULER_SECONDS)
        except grpc.RpcError as error:
            problem = from_rpc(error)
            raise (Unavailable("no scheduler answers now") if isinstance(problem, Unavailable) else problem) from error
        return answer.placement

    async def _answers(
        self,
        node_name: str,
        ask: Callable[[KubeletServiceClient], MessageStream[Any]],
        requests: _Requests[Any] | None = None,
    ) -> AsyncGenerator[Any, None]:
        client = KubeletServiceClient(await self._channel(node_name))
        try:
            async with ask(client) as stream:
                async for answer in stream:
                    yield answer
        except asyncio.CancelledError:
            if requests is not None and requests.problem is not None:
                raise requests.problem from None
            raise
        except grpc.RpcError as error:
            raise _explained(error, node_name) from error

    def _open(self, address: str) -> grpc.aio.Channel:
        if address not in self._channels:
            self._channels[address] = open_channel(address)
        return self._channels[address]

    async def _channel(self, node_name: str) -> grpc.aio.Channel:
        try:
            node = await self._nodes.read("", node_name)
        except NotFound as missing:
            raise Unavailable(f"node {node_name} is not registered") from missing
        address = node.status.daemon_endpoints.kubelet_address
        if not address:
            raise Unavailable(f"node {node_name} has not said where its kubelet listens")
        return self._open(address)


class _Requests(Generic[M]):
    """What is sent to a node, first of all the target.

    When the rest of it fails, gRPC cancels the call, as if its caller had left: the `problem` is remembered here.
    """

    def __init__(self, first: M, rest: AsyncIterator[M]) -> None:
        self._first = first
        self._rest = rest
        self.problem: PeapodError | None = None

    async def __aiter__(self) -> AsyncGenerator[M, None]:
        yield self._first
        try:
            async for request in self._rest:
                yield request
        except PeapodError as problem:
            self.problem = problem
            raise


def _explained(error: grpc.RpcError, node_name: str) -> Exception:
    answer = from_rpc(error)
    if isinstance(answer, Unavailable):
        return Unavailable(f"the kubelet of node {node_name} cannot be reached now")
    return answer
