"""The kubelet's RPCs: what the apiserver asks of the node."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

from peapod.common.errors import NotFound, NotReady, Unavailable
from peapod.kubelet import logs
from peapod.kubelet.dispatch import Dispatcher
from peapod.kubelet.instances import Instances
from peapod.kubelet.observer import Observer
from peapod.kubelet.runtime.runtime import ContainerGone, Runtime, RuntimeUnavailable
from peapod.v1 import kubelet_service_pb2 as pb
from peapod.v1.kubelet_service_rpc import KubeletServiceServicer


class Kubelet(KubeletServiceServicer):
    """Answers from what the workers and the runtime know."""

    def __init__(self, node_name: str, dispatcher: Dispatcher, observer: Observer, runtime: Runtime) -> None:
        self._node_name = node_name
        self._dispatcher = dispatcher
        self._observer = observer
        self._runtime = runtime

    async def stream_container_logs(
        self, request: pb.StreamContainerLogsRequest, context: Any
    ) -> AsyncGenerator[pb.StreamContainerLogsResponse, None]:
        """Stream a container's log."""
        pod = self._dispatcher.pod(request.pod_uid)
        if pod is None:
            raise NotFound(f"pod {request.pod_uid} is not on node {self._node_name}")
        instances = Instances.of(request.pod_uid, self._observer.containers(request.pod_uid))
        one = logs.pick(pod, instances, request.container, previous=request.options.previous)
        chunks = cast("AsyncGenerator[bytes, None]", self._runtime.logs(one.id, request.options))
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield pb.StreamContainerLogsResponse(data=chunk)
        except ContainerGone as gone:
            raise NotReady(f"container {request.container} of pod {pod.metadata.name} was just removed") from gone
        except RuntimeUnavailable as error:
            raise Unavailable(f"the container runtime of node {self._node_name} cannot be reached: {error}") from error
