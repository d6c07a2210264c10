"""The pods that the apiserver has bound to this node."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from peapod.common import process
from peapod.common.informer import Informer, pods
from peapod.kubelet.checkpoint import Checkpoint
from peapod.kubelet.sources.source import API
from peapod.rules.mirror import is_mirror
from peapod.v1 import pod_pb2
from peapod.v1.pod_service_rpc import PodServiceClient

logger = logging.getLogger(__name__)


class ApiserverSource:
    """Follows the apiserver, and believes only what is newer than what this node has already acted on.

    An apiserver that lags behind still has pods that were deleted, and lacks new ones. One whose store was lost and
    began anew knows of none that run here, which is no reason to end them: as long as the node has anything of a pod
    (`busy`), it takes no other store's word.
    """

    name = API

    def __init__(
        self, client: PodServiceClient, node_name: str, checkpoint: Checkpoint, busy: Callable[[], bool]
    ) -> None:
        self._informer = Informer(pods(client, fields=f"spec.node_name={node_name}"), name="pods of this node")
        self._checkpoint = checkpoint
        self._busy = busy
        self._on_change: list[Callable[[], None]] = []
        self._on_doubt: list[Callable[[], None]] = []
        self._catching_up: asyncio.Task[None] | None = None
        self._doubt: str | None = None

    @property
    def doubt(self) -> str | None:
        """Why the apiserver was not believed at the last look; None when it has not told its pods yet."""
        return self._doubt

    def pods(self) -> Mapping[str, pod_pb2.Pod] | None:
        """All pods by uid that are to run here, at a revision no lower than any that was answered with before, by this
        kubelet or its predecessors.
        """
        if not self._informer.revision:
            return None
        self._set_doubt(self._find_doubt())
        if self._doubt:
            return None
        self._checkpoint.move_to(self._informer.revision, self._informer.store_id)
        return {pod.metadata.uid: pod for pod in self._informer.objects.values() if not is_mirror(pod)}

    @property
    def complete(self) -> bool:
        """Whether the pods are known, and those the apiserver does not have are wanted by nobody."""
        return self.pods() is not None

    def mirrors(self) -> list[pod_pb2.Pod]:
        """The pods that show this node's static pods, as they were when last heard of."""
        return [pod for pod in self._informer.objects.values() if is_mirror(pod)]

    async def reached(self, revision: int) -> None:
        """Wait until `pods` and `mirrors` are as new as the revision."""
        await self._informer.wait_for(revision)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back on every change of a pod, and when the informer has caught up."""
        self._on_change.append(callback)

    def on_doubt(self, callback: Callable[[], None]) -> None:
        """Call back when `doubt` has changed."""
        self._on_doubt.append(callback)

    async def run(self) -> None:
        """Follow until cancelled."""
        self._informer.on_change(lambda *_: self._changed())
        self._catch_up()
        try:
            await self._informer.run()
        finally:
            if self._catching_up is not None:
                await process.end(self._catching_up)

    def _find_doubt(self) -> str:
        known, now = self._checkpoint, self._informer
        if known.store_id and known.store_id != now.store_id:
            if not self._busy():
                return ""
            return (
                "the apiserver's store is not the one that this node's pods are from. They run on; to give them up, "
                f"delete {known.path} and start this kubelet again"
            )
        if now.revision < known.revision:
            return (
                f"the apiserver's store is at revision {now.revision}, and this node has seen {known.revision}. If it "
                f"was set back, delete {known.path} and start this kubelet again"
            )
        return ""

    def _set_doubt(self, doubt: str) -> None:
        if doubt == self._doubt:
            return
        if doubt:
            logger.warning("nothing is started or removed: %s", doubt)
        self._doubt = doubt
        for callback in self._on_doubt:
            callback()

    def _changed(self) -> None:
        if self._informer.revision < self._checkpoint.revision:
            self._catch_up()
        for callback in self._on_change:
            callback()

    def _catch_up(self) -> None:
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._tell_when_caught_up(), name="catch up")

    async def _tell_when_caught_up(self) -> None:
        await self._informer.synced()
        for callback in self._on_change:
            callback()
        await self._informer.wait_for(self._checkpoint.revision)
        for callback in self._on_change:
            callback()
