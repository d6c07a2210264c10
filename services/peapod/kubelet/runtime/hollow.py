"""A runtime without containers: it keeps their states in memory, for thousands of simulated nodes in one process.

A container runs until it is stopped, and nothing runs in it. Two kinds of images behave otherwise: `hollow/exit:N`
ends at once with code N, and `hollow/absent` is not to be had. A command that is run in a container writes what
`HollowRuntime.answer` makes of it, then what it reads, and ends: by default it echoes its words, and `exit N` ends with
code N.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple
from weakref import WeakSet

from peapod.common.errors import Violation
from peapod.kubelet.runtime.runtime import Chunk, ContainerGone, Image, ImageError, Launch, Observed, Phase
from peapod.v1 import log_pb2, pod_pb2

_ABSENT = "hollow/absent"
_EXIT = "hollow/exit:"
_SIGKILL, _SIGTERM = 137, 143


class Answer(NamedTuple):
    """What a command writes, and how it ends."""

    output: bytes = b""
    exit_code: int = 0


def echo(_container: Observed, command: Sequence[str]) -> Answer:
    """Answer with the command's own words; `exit N` is answered with that code."""
    match command:
        case ["exit", code]:
            return Answer(exit_code=int(code))
    return Answer(f"{' '.join(command)}\n".encode())


class HollowRuntime:
    """Simulates the containers of one node; they live as long as this object."""

    scheme = "hollow"
    network_container = False

    def __init__(self) -> None:
        self.answer: Callable[[Observed, Sequence[str]], Answer] = echo
        """What commands come to; whoever simulates may say something else, at any time."""
        self._images: dict[str, set[str]] = {}
        self._executions: dict[str, WeakSet[HollowExecution]] = {}
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
        id = hashlib.sha256(image.encode()).hexdigest()
        self._images.setdefault(id, set()).add(image)
        return id

    async def list(self, uid: str = "") -> list[Observed]:
        """All containers, oldest first."""
        return [one for one in self._containers.values() if uid in ("", one.name.uid)]

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
        self.end(id, _SIGKILL)
        one = self._containers.pop(id, None)
        if one is not None:
            self._tell(one)
            del self._changed[id]

    async def exec(self, id: str, command: Sequence[str], *, stdin: bool = False, tty: bool = False) -> HollowExecution:
        """Pretend to run a command."""
        one = self._running(id)
        execution = HollowExecution(self.answer(one, command), stdin=stdin)
        self._executions.setdefault(id, WeakSet()).add(execution)
        return execution

    async def connect(self, id: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Find nobody listening."""
        self._running(id)
        raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))

    async def images(self) -> Sequence[Image]:
        """Those that were asked for, none of them with a byte in it."""
        return [Image(id, tuple(sorted(names)), 0) for id, names in self._images.items()]

    async def remove_image(self, id: str) -> None:
        """Forget an image that no container has."""
        if any(one.image_id == id for one in self._containers.values()):
            raise ImageError("ImageInUse", f"a container has image {id}")
        self._images.pop(id, None)

    async def image_disk(self) -> None:
        """There is none."""

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

    def _running(self, id: str) -> Observed:
        one = self._containers.get(id)
        if one is None or one.phase is not Phase.RUNNING:
            raise ContainerGone(id)
        return one

    def _set(self, one: Observed) -> None:
        self._containers[one.id] = one
        self._tell(one)

    def _tell(self, one: Observed) -> None:
        if one.phase is Phase.EXITED:
            self._changed[one.id].set()
            for execution in self._executions.pop(one.id, ()):
                execution.end(_SIGKILL)
        self.hint(one.name.uid)

    def hint(self, uid: str) -> None:
        """Say that a pod's containers may have changed, or with "" that any may have."""
        for queue in self._readers:
            queue.put_nowait(uid)


class HollowExecution:
    """A command that writes its answer, echoes its input, and is killed with its container."""

    def __init__(self, answer: Answer, *, stdin: bool) -> None:
        self._code: int | None = None
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._over = asyncio.Event()
        self._answer = answer
        if answer.output:
            self._pieces.put_nowait(answer.output)
        if not stdin:
            self.end(answer.exit_code)

    def end(self, exit_code: int) -> None:
        """Have it end, unless it has."""
        if self._code is None:
            self._code = exit_code
            self._pieces.put_nowait(b"")

    async def output(self) -> AsyncGenerator[Chunk, None]:
        """Stream the answer, and the input as it comes."""
        while data := await self._pieces.get():
            yield Chunk(False, data)
        self._over.set()

    async def write(self, data: bytes) -> None:
        """Have something echoed."""
        if data and self._code is None:
            self._pieces.put_nowait(data)

    async def end_input(self) -> None:
        """Have it end as its answer says."""
        self.end(self._answer.exit_code)

    async def resize(self, columns: int, rows: int) -> None:
        """There is no terminal that could change."""

    async def wait(self) -> int:
        """Return the exit code once the output was read."""
        await self._over.wait()
        return self._code or 0

    async def close(self) -> None:
        """Kill it."""
        self.end(_SIGKILL)
        self._over.set()


def _wants(options: log_pb2.LogOptions, written: datetime) -> bool:
    late_enough = not options.HasField("since_time") or options.since_time.ToDatetime(UTC) <= written
    return late_enough and (not options.HasField("tail_lines") or options.tail_lines > 0)
