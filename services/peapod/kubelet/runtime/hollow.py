"""A runtime without containers: it keeps their states in memory, for thousands of simulated nodes in one process.

A container runs until it is stopped, and nothing runs in it. Two kinds of images behave otherwise: `hollow/exit:N`
ends at once with code N, and `hollow/absent` is not to be had.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime

from peapod.common.errors import Violation
from peapod.kubelet.runtime.runtime import ContainerGone, ImageError, Launch, Observed, Phase
from peapod.v1 import log_pb2, pod_pb2

_ABSENT = "hollow/absent"
_EXIT = "hollow/exit:"
_SIGTERM = 143


class HollowRuntime:
    """Simulates the containers of one node; they live as long as this object."""

    scheme = "hollow"
    network_container = False

    def __init__(self) -> None:
        self._containers: dict[str, Observed] = {}
        self._changed: dict[str, asyncio.Event] = {}
        self._readers: set[asyncio.Queue[str]] = set()

    async def open(self) -> None:
        """Nothing needs to be reached."""

    async def close(self) -> None:
        """Nothing needs to be let go of."""

    async def version(self) -> str:
        """Name the simulation."""
        return "hollow://1"

    def refusals(self, pod: pod_pb2.Pod) -> list[Violation]:
        """Take every pod: what is not run needs nothing."""
        return []

    async def ensure_image(self, image: str, policy: pod_pb2.PullPolicy) -> str:
        """Have every image but the absent one."""
        if image == _ABSENT:
            reason = "ErrImageNeverPull" if policy == pod_pb2.PULL_POLICY_NEVER else "ErrImagePull"
            raise ImageError(reason, f"there is no image {image}")
        return hashlib.sha256(image.encode()).hexdigest()

    async def list(self) -> list[Observed]:
        """All containers, oldest first."""
        return list(self._containers.values())

    async def start(self, launch: Launch) -> str:
        """Have a container run, if it was not there before."""
        id = hashlib.sha256(str(launch.name).encode()).hexdigest()
        if id not in self._containers:
            image_id = await self.ensure_image(launch.image, pod_pb2.PULL_POLICY_NEVER)
            now = datetime.now(UTC)
            self._changed[id] = asyncio.Event()
            self._set(Observed(id, launch.name, Phase.RUNNING, launch.image, image_id, now, now, ip="127.0.0.1"))
            if launch.image.startswith(_EXIT):
                self.end(id, int(launch.image.removeprefix(_EXIT)))
        return id

    def end(self, id: str, exit_code: int) -> None:
        """Have a container end by itself; one that does not run stays as it is."""
        one = self._containers.get(id)
        if one is not None and one.phase is Phase.RUNNING:
            now = datetime.now(UTC)
            self._set(replace(one, phase=Phase.EXITED, finished_at=now, exit_code=exit_code))

    async def stop(self, id: str, grace_seconds: float) -> None:
        """Have a container obey SIGTERM."""
        self.end(id, _SIGTERM)

    async def remove(self, id: str) -> None:
        """Forget a container."""
        one = self._containers.pop(id, None)
        if one is not None:
            self._tell(one)
            del self._changed[id]

    async def changes(self) -> AsyncGenerator[str, None]:
        """Stream the uids of pods whose containers changed, after a first "" for all."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._readers.add(queue)
        try:
            yield ""
            while True:
                yield await queue.get()
        finally:
            self._readers.discard(queue)

    async def logs(self, id: str, options: log_pb2.LogOptions) -> AsyncGenerator[bytes, None]:
        """Stream the one line that each container writes when it starts."""
        one = self._containers.get(id)
        if one is None:
            raise ContainerGone(id)
        began = one.created_at
        if _wants(options, began):
            stamp = f"{began:%Y-%m-%dT%H:%M:%S.%f}000Z " if options.timestamps else ""
            yield f"{stamp}{one.name.container} of {one.name.pod} runs {one.image}\n".encode()
        if options.follow and one.phase is Phase.RUNNING:
            await self._changed[id].wait()

    def _set(self, one: Observed) -> None:
        self._containers[one.id] = one
        self._tell(one)

    def _tell(self, one: Observed) -> None:
        if one.phase is Phase.EXITED:
            self._changed[one.id].set()
        self.hint(one.name.uid)

    def hint(self, uid: str) -> None:
        """Say that a pod's containers may have changed, or with "" that any may have."""
        for queue in self._readers:
            queue.put_nowait(uid)


def _wants(options: log_pb2.LogOptions, written: datetime) -> bool:
    late_enough = not options.HasField("since_time") or options.since_time.ToDatetime(UTC) <= written
    return late_enough and (not options.HasField("tail_lines") or options.tail_lines > 0)
