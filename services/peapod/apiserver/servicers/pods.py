"""What pods have beyond the standard verbs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from peapod.apiserver.registry import Registry
from peapod.apiserver.relay import Relay
from peapod.apiserver.resources.pod import check_mirror_change, check_mirror_deletion
from peapod.apiserver.servicers import batch
from peapod.apiserver.servicers.standard import Standard
from peapod.common import duplex
from peapod.common.errors import Conflict, Invalid, NotReady, Violation
from peapod.v1 import pod_pb2
from peapod.v1 import pod_service_pb2 as pb


class Pods(Standard[pod_pb2.Pod]):
    """The verbs of pods."""

    def __init__(self, pods: Registry[pod_pb2.Pod], relay: Relay) -> None:
        super().__init__(pods)
        self._relay = relay

    async def update(self, request: pb.UpdatePodRequest, context: Any) -> bytes:
        """Replace what is mutable, but not of a mirror."""
        return await self.registry.update(request.pod, check=check_mirror_change)

    async def delete(self, request: pb.DeletePodRequest, context: Any) -> bytes:
        """Remove one; a mirror only for its node."""
        return await self.registry.delete(
            request.namespace,
            request.name,
            request.uid,
            request.resource_version,
            check=lambda pod: check_mirror_deletion(pod, request.node_name),
        )

    async def bind_pods(self, request: pb.BindPodsRequest, context: Any) -> pb.BindPodsResponse:
        """Assign pods to nodes, each by compare-and-swap."""
        return pb.BindPodsResponse(results=await batch.each(request.bindings, "bindings", self._bind))

    async def update_pod_statuses(
        self, request: pb.UpdatePodStatusesRequest, context: Any
    ) -> pb.UpdatePodStatusesResponse:
        """Replace statuses."""
        results = await batch.each(request.updates, "updates", self._update_status)
        return pb.UpdatePodStatusesResponse(results=results)

    async def stream_pod_logs(
        self, request: pb.StreamPodLogsRequest, context: Any
    ) -> AsyncGenerator[pb.StreamPodLogsResponse, None]:
        """Relay a container's log from its node."""
        pod = await self._placed(request.namespace, request.name)
        container = _pick_container(pod, request.container)
        async with aclosing(self._relay.container_logs(pod, container, request.options)) as pieces:
            async for piece in pieces:
                yield pb.StreamPodLogsResponse(data=piece)

    async def exec_in_pod(
        self, requests: AsyncIterator[pb.ExecInPodRequest], context: Any
    ) -> AsyncGenerator[pb.ExecInPodResponse, None]:
        """Relay a command to a container's node."""
        target = (await duplex.first(requests)).target
        pod = await self._placed(target.namespace, target.name)
        container = _pick_container(pod, target.container)
        inputs = (request.input async for request in requests)
        async with aclosing(self._relay.exec(pod, container, target.options, inputs)) as outputs:
            async for output in outputs:
                yield pb.ExecInPodResponse(output=output)

    async def port_forward_pod(
        self, requests: AsyncIterator[pb.PortForwardPodRequest], context: Any
    ) -> AsyncGenerator[pb.PortForwardPodResponse, None]:
        """Relay a connection to a pod's node."""
        target = (await duplex.first(requests)).target
        pod = await self._placed(target.namespace, target.name)
        data = (request.data async for request in requests)
        async with aclosing(self._relay.port_forward(pod, target.port, data)) as pieces:
            async for piece in pieces:
                yield pb.PortForwardPodResponse(data=piece)

    async def explain_pod(self, request: pb.ExplainPodRequest, context: Any) -> pb.ExplainPodResponse:
        """Relay the scheduler's judgement."""
        pod = await self.registry.read(request.namespace, request.name)
        return pb.ExplainPodResponse(placement=await self._relay.placement(pod))

    async def _placed(self, namespace: str, name: str) -> pod_pb2.Pod:
        pod = await self.registry.read(namespace, name)
        if not pod.spec.node_name:
            raise NotReady(f'Pod "{name}" has no node yet')
        return pod

    async def _bind(self, binding: pb.Binding) -> int:
        if not binding.node_name:
            raise Invalid("a binding needs a node", [Violation.required("node_name")])

        def place(pod: pod_pb2.Pod) -> bool:
            if pod.spec.node_name and pod.spec.node_name != binding.node_name:
                bound = f'Pod "{binding.name}" is bound to node {pod.spec.node_name} already'
                raise Conflict(bound, reason="ALREADY_BOUND")
            changed = not pod.spec.node_name
            pod.spec.node_name = binding.node_name
            return changed

        return await self.registry.change(binding.namespace, binding.name, place, binding.uid)

    async def _update_status(self, update: pb.PodStatusUpdate) -> int:
        def replace(pod: pod_pb2.Pod) -> bool:
            changed = pod.status != update.status
            pod.status.CopyFrom(update.status)
            return changed

        return await self.registry.change(update.namespace, update.name, replace, update.uid, update.resource_version)


def _pick_container(pod: pod_pb2.Pod, name: str) -> str:
    names = [container.name for container in pod.spec.containers]
    if not name and len(names) == 1:
        return names[0]
    if name in names:
        return name
    problem = f"must be one of {', '.join(names)}"
    wrong = Violation.not_found("container", problem) if name else Violation.required("container", problem)
    raise Invalid(f'Pod "{pod.metadata.name}": container {problem}', [wrong])
