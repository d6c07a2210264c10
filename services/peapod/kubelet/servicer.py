"""The kubelet's RPCs: what the apiserver asks of the node."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any, cast

from peapod.common import duplex
from peapod.common.errors import Invalid, NotFound, NotReady, Unavailable, Violation
from peapod.kubelet import logs, sessions
from peapod.kubelet.dispatch import Dispatcher
from peapod.kubelet.observer import Observer
from peapod.kubelet.planning.instances import Instances
from peapod.kubelet.runtime.runtime import ContainerGone, LaunchError, Observed, Phase, Runtime, RuntimeUnavailable
from peapod.v1 import kubelet_service_pb2 as pb
from peapod.v1 import pod_pb2
from peapod.v1.exec_pb2 import ExecInput
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
        pod = self._pod(request.pod_uid)
        one = logs.pick(pod, self._instances(pod), request.container, previous=request.options.previous)
        with self._explained(pod, request.container):
            chunks = cast("AsyncGenerator[bytes, None]", self._runtime.logs(one.id, request.options))
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield pb.StreamContainerLogsResponse(data=chunk)

    async def exec_in_container(
        self, requests: AsyncIterator[pb.ExecInContainerRequest], context: Any
    ) -> AsyncGenerator[pb.ExecInContainerResponse, None]:
        """Run a command inside a container."""
        target = (await duplex.first(requests)).target
        pod, options = self._pod(target.pod_uid), target.options
        if not options.command:
            raise Invalid("a command is needed", [Violation.required("options.command")])
        one = self._running(pod, target.container)
        with self._explained(pod, target.container):
            execution = await self._runtime.exec(one.id, options.command, stdin=options.stdin, tty=options.tty)
            if options.tty and options.HasField("size"):
                await execution.resize(options.size.columns, options.size.rows)
            async with aclosing(sessions.converse(execution, _inputs(requests))) as outputs:
                async for output in outputs:
                    yield pb.ExecInContainerResponse(output=output)

    async def port_forward(
        self, requests: AsyncIterator[pb.PortForwardRequest], context: Any
    ) -> AsyncGenerator[pb.PortForwardResponse, None]:
        """Open a connection to a port of a pod."""
        target = (await duplex.first(requests)).target
        pod = self._pod(target.pod_uid)
        if not 1 <= target.port <= 65535:
            raise Invalid(f"{target.port} is no port", [Violation("port", "must be 1 to 65535")])
        one = next(iter(self._instances(pod).running()), None)
        if one is None:
            raise NotReady(f"pod {pod.metadata.name} is not running")
        with self._explained(pod, one.name.container):
            try:
                reader, writer = await self._runtime.connect(one.id, target.port)
            except OSError as error:
                why = error.strerror or str(error)
                raise NotReady(f"port {target.port} of pod {pod.metadata.name} cannot be reached: {why}") from error
            async with aclosing(sessions.forward(reader, writer, _pieces(requests))) as pieces:
                async for piece in pieces:
                    yield pb.PortForwardResponse(data=piece)

    def _pod(self, uid: str) -> pod_pb2.Pod:
        pod = self._dispatcher.pod(uid)
        if pod is None:
            raise NotFound(f"pod {uid} is not on node {self._node_name}")
        return pod

    def _instances(self, pod: pod_pb2.Pod) -> Instances:
        return Instances.of(pod.metadata.uid, self._observer.containers(pod.metadata.uid))

    def _running(self, pod: pod_pb2.Pod, container: str) -> Observed:
        name = f"container {container} of pod {pod.metadata.name}"
        if container not in {one.name for one in pod.spec.containers}:
            raise NotFound(f"there is no {name}")
        newest = self._instances(pod).newest(container)
        if newest is None or newest.phase is not Phase.RUNNING:
            raise NotReady(f"{name} is not running")
        return newest

    @contextmanager
    def _explained(self, pod: pod_pb2.Pod, container: str) -> Iterator[None]:
        """Say in the caller's words what the runtime could not do."""
        try:
            yield
        except ContainerGone as gone:
            raise NotReady(f"container {container} of pod {pod.metadata.name} is gone") from gone
        except LaunchError as error:
            raise Invalid(str(error)) from error
        except RuntimeUnavailable as error:
            raise Unavailable(f"the container runtime of node {self._node_name} cannot be reached: {error}") from error


async def _inputs(requests: AsyncIterator[pb.ExecInContainerRequest]) -> AsyncGenerator[ExecInput, None]:
    async for request in requests:
        yield request.input


async def _pieces(requests: AsyncIterator[pb.PortForwardRequest]) -> AsyncGenerator[bytes, None]:
    async for request in requests:
        yield request.data
