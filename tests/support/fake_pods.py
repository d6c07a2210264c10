"""A small apiserver for pods: it keeps state and history, and can be as unkind to its watchers as a real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from peapod.common import duplex
from peapod.common.errors import Expired, Invalid, Unavailable, Unsupported, Violation
from peapod.v1 import pod_pb2
from peapod.v1 import pod_service_pb2 as pb
from peapod.v1.exec_pb2 import ExecOutput
from peapod.v1.meta_pb2 import EVENT_TYPE_ADDED, EVENT_TYPE_DELETED, EVENT_TYPE_MODIFIED, ObjectMeta
from peapod.v1.pod_service_rpc import PodServiceServicer


class FakePods(PodServiceServicer):
    """Pods of the namespace `default`, changed by the test. All methods without `async` act at once.

    The test may set: `oldest`, below which revisions are compacted away; `silent`, for watches that say nothing;
    `snapshot_most`, after which many objects a snapshot breaks off; `end_after`, after which many batches of
    changes a watch is ended.
    """

    def __init__(self) -> None:
        self.revision = 1
        self.oldest = 0
        self.pods: dict[str, pod_pb2.Pod] = {}
        self.history: list[tuple[int, pb.PodChange]] = []
        self.opened: list[int] = []
        self.silent = False
        self.snapshot_most: int | None = None
        self.end_after: int | None = None
        self._live = 0
        self._changed = asyncio.Event()

    def put(self, name: str, **labels: str) -> None:
        """Create the pod, or give it other labels."""
        old = self.pods.get(name)
        self.revision += 1
        uid = old.metadata.uid if old else f"uid-{self.revision}"
        metadata = ObjectMeta(name=name, namespace="default", uid=uid, resource_version=self.revision, labels=labels)
        self.pods[name] = pod_pb2.Pod(metadata=metadata)
        self._log(EVENT_TYPE_MODIFIED if old else EVENT_TYPE_ADDED, self.pods[name])

    def delete(self, name: str) -> None:
        """Remove the pod."""
        pod = self.pods.pop(name)
        self.revision += 1
        gone = pod_pb2.Pod()
        gone.CopyFrom(pod)
        gone.metadata.resource_version = self.revision
        self._log(EVENT_TYPE_DELETED, gone)

    def expire(self) -> None:
        """Forget all history."""
        self.oldest = self.revision + 1
        self.history.clear()

    def bookmark(self) -> None:
        """Raise the revision without a change of any pod."""
        self.revision += 1
        self._wake()

    @property
    def live(self) -> int:
        """How many watches are open."""
        return self._live

    async def until(self, *, live: int | None = None, opened: int | None = None) -> None:
        """Wait until so many watches are open, or have ever been opened."""
        while (live is not None and self._live != live) or (opened is not None and len(self.opened) < opened):
            await self._changed.wait()

    async def watch_pods(
        self, request: pb.WatchPodsRequest, context: Any
    ) -> AsyncGenerator[pb.WatchPodsResponse, None]:
        self.opened.append(request.revision)
        self._live += 1
        self._wake()
        try:
            if request.label_selector == "!":
                raise Invalid("bad selector", [Violation("label_selector", "is bad")])
            at = request.revision
            if at and not self.oldest <= at <= self.revision:
                raise Expired(f"revision {at} is not here")
            if not at:
                at = self.revision
                for number, pod in enumerate(list(self.pods.values())):
                    if number == self.snapshot_most:
                        raise Unavailable("cut off")
                    yield pb.WatchPodsResponse(events=[pb.PodChange(type=EVENT_TYPE_ADDED, pod=pod)])
                yield pb.WatchPodsResponse(revision=at)
            async for response in self._after(at):
                yield response
        finally:
            self._live -= 1
            self._wake()

    async def get_pod(self, request: pb.GetPodRequest, context: Any) -> pb.GetPodResponse:
        return pb.GetPodResponse(pod=self.pods[request.name])

    async def create_pod(self, request: Any, context: Any) -> Any:
        raise Unsupported("not here")

    list_pods = update_pod = delete_pod = bind_pods = update_pod_statuses = explain_pod = create_pod

    async def stream_pod_logs(self, request: Any, context: Any) -> AsyncGenerator[pb.StreamPodLogsResponse, None]:
        raise Unsupported("not here")
        yield

    async def exec_in_pod(
        self, requests: AsyncIterator[pb.ExecInPodRequest], context: Any
    ) -> AsyncGenerator[pb.ExecInPodResponse, None]:
        """Echo the input, and exit with the number of its pieces."""
        await duplex.first(requests)
        count = 0
        self._live += 1
        self._wake()
        try:
            async for request in requests:
                count += 1
                yield pb.ExecInPodResponse(output=ExecOutput(stdout=request.input.stdin))
            yield pb.ExecInPodResponse(output=ExecOutput(exit_code=count))
        finally:
            self._live -= 1
            self._wake()

    async def port_forward_pod(self, requests: Any, context: Any) -> AsyncGenerator[pb.PortForwardPodResponse, None]:
        raise Unsupported("not here")
        yield

    async def _after(self, at: int) -> AsyncGenerator[pb.WatchPodsResponse, None]:
        batches = 0
        while True:
            if self.revision > at and not self.silent:
                changes = [change for revision, change in self.history if revision > at]
                at = self.revision
                yield pb.WatchPodsResponse(events=changes, revision=at)
                batches += 1
                if batches == self.end_after:
                    return
            else:
                await self._changed.wait()

    def _log(self, kind: Any, pod: pod_pb2.Pod) -> None:
        self.history.append((self.revision, pb.PodChange(type=kind, pod=pod)))
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
