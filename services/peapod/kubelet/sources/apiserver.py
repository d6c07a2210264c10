"""The pods that the apiserver has bound to this node."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from peapod.common import process
from peapod.common.informer import Informer, pods
from peapod.kubelet.checkpoint import Checkpoint
from peapod.v1 import pod_pb2
from peapod.v1.pod_service_rpc import PodServiceClient

logger = logging.getLogger(__name__)


class ApiserverSource:
    """Follows the apiserver, and believes no snapshot that is older than what this node has already acted on: an
    apiserver that lags behind still has pods that were deleted, and lacks new ones.
    """

    name = "api"

    def __init__(self, client: PodServiceClient, node_name: str, checkpoint: Checkpoint) -> None:
        self._informer = Informer(pods(client, fields=f"spec.node_name={node_name}"), name="pods of this node")
        self._checkpoint = checkpoint
        self._callbacks: list[Callable[[], None]] = []
        self._catching_up: asyncio.Task[None] | None = None

    def pods(self) -> Mapping[str, pod_pb2.Pod] | None:
        """All pods by uid, at a revision no lower than any that was answered with before, by this kubelet or its
        predecessors.
        """
        revision = self._informer.revision
        if revision < max(self._checkpoint.revision, 1):
            return None
        self._checkpoint.raise_to(revision)
        return {pod.metadata.uid: pod for pod in self._informer.objects.values()}

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back on every change of a pod, and when the informer has caught up."""
        self._callbacks.append(callback)

    async def run(self) -> None:
        """Follow until cancelled."""
        self._informer.on_change(lambda *_: self._changed())
        self._catch_up()
        try:
            await self._informer.run()
        finally:
            if self._catching_up is not None:
                await process.end(self._catching_up)

    def _changed(self) -> None:
        if self._informer.revision < self._checkpoint.revision:
            self._catch_up()
        for callback in self._callbacks:
            callback()

    def _catch_up(self) -> None:
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._tell_when_caught_up(), name="catch up")

    async def _tell_when_caught_up(self) -> None:
        await self._informer.synced()
        revision, needed = self._informer.revision, self._checkpoint.revision
        if revision < needed:
            logger.warning(
                "the apiserver is at revision %d, but this node has already seen %d: nothing is started or removed "
                "before it has caught up; if its store was replaced, delete %s",
                revision,
                needed,
                self._checkpoint.path,
            )
            await self._informer.wait_for(needed)
        for callback in self._callbacks:
            callback()
