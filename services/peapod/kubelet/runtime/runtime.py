"""The one protocol that every container runtime speaks.

A runtime knows containers, not pods: it starts what it is told, says what is there, and never decides. What holds
for every implementation is written here and proved by tests/conformance/runtimes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import NamedTuple, Protocol

from peapod.common.errors import Violation
from peapod.kubelet.naming import ContainerName
from peapod.v1 import log_pb2, pod_pb2


class Phase(Enum):
    """Where a container is in its life; it only ever moves down this list."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class Observed:
    """One container as the runtime sees it now. Times are aware and UTC; None is not yet."""

    id: str
    name: ContainerName
    phase: Phase
    image: str
    image_id: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int = 0
    """128 + N for a container that signal N ended."""
    reason: str = ""
    """One CamelCase word when the exit code does not say it all: "OOMKilled", "ContainerCannotRun"."""
    message: str = ""
    ip: str = ""
    """The pod's address, on its network container (on every container where there is none)."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A directory or file of the node at a place in the container."""

    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Dns:
    """How a pod resolves names, where it does not do as its node does."""

    servers: tuple[str, ...]
    searches: tuple[str, ...]
    options: tuple[str, ...] = ()
    """Words behind "options" in a resolv.conf."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start. Messages in it are read, never changed."""

    name: ContainerName
    pod: pod_pb2.Pod
    container: pod_pb2.Container | None
    """None for the pod's network container."""
    image: str
    network: str = ""
    """The id of the network container to join; empty for the network container itself."""
    mounts: Sequence[Mount] = field(default=())
    dns: Dns | None = None
    """None for the node's own resolvers. All containers of a pod are launched with the same."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is present."""

    id: str
    names: tuple[str, ...]
    """By which containers may ask for it; an image without any is of no use."""
    size: int
    """Bytes on the disk, those shared with other images included."""
    pinned: bool = False
    """Whether the runtime itself needs it, as it does the network image; such a one is never removed."""


@dataclass(frozen=True, slots=True)
class DiskUse:
    """How full the file system is that holds the images; in bytes."""

    used: int
    total: int


class Chunk(NamedTuple):
    """Something that a command wrote."""

    stderr: bool
    data: bytes


class Execution(Protocol):
    """A command that runs inside a container, until it ends or is closed. One task reads, another may write."""

    def output(self) -> AsyncIterator[Chunk]:
        """Stream what the command writes, in order for each of its two streams, until it has ended. Once."""
        ...

    async def write(self, data: bytes) -> None:
        """Send input; waits while the command does not read. Input that nobody reads any more is dropped."""
        ...

    async def end_input(self) -> None:
        """Close the command's input; at a terminal, which has one way in and out, type ^D. Idempotent."""
        ...

    async def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal; without one, nothing."""
        ...

    async def wait(self) -> int:
        """Return the exit code, 128 + N after signal N, once the command has ended and its output was read."""
        ...

    async def close(self) -> None:
        """Kill the command if it still runs, as far as the runtime can, and let go of it. Idempotent."""
        ...


class ImageError(Exception):
    """An image is not there and cannot be had. `reason` is one CamelCase word for a waiting state."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class LaunchError(Exception):
    """The runtime refused to create or start a container, with its own words; nothing of it is running."""


class ContainerGone(Exception):
    """There is no container of that id."""


class RuntimeUnavailable(Exception):
    """The runtime cannot be reached now; what is known of its containers is stale, not empty."""


class Runtime(Protocol):
    """Runs containers for one node. Methods may be called from many tasks of one event loop at once, and raise
    `RuntimeUnavailable` besides what they name.
    """

    @property
    def scheme(self) -> str:
        """The word before :// in container ids, such as "docker"."""
        ...

    @property
    def network_container(self) -> bool:
        """Whether a pod needs a network container that the others join; else they share the node's network."""
        ...

    async def open(self) -> None:
        """Reach the runtime and make ready what it needs, such as the network image. Idempotent."""
        ...

    async def close(self) -> None:
        """Let go of the runtime; containers run on. Idempotent."""
        ...

    async def version(self) -> str:
        """Such as "docker://20.10.24"."""
        ...

    def refusals(self, pod: pod_pb2.Pod) -> list[Violation]:
        """Name each field of the pod that this runtime cannot honour; an empty list is consent."""
        ...

    async def ensure_image(self, image: str, policy: pod_pb2.PullPolicy) -> str:
        """Make an image present, pulling it when the policy says so, and return its id. Raises `ImageError`."""
        ...

    async def list(self, uid: str = "") -> list[Observed]:
        """All containers of this node in all phases, or only those of the pod `uid`; or an error, never a part. Oldest
        first.
        """
        ...

    async def start(self, launch: Launch) -> str:
        """Create and start a container and return its id.

        Idempotent by name: of two calls, also before and after a crash, one container comes. One that has
        exited already is left so. Raises `LaunchError`, `ImageError` when the image is not present, and
        `ContainerGone` when the network container is not there.
        """
        ...

    async def stop(self, id: str, grace_seconds: float) -> None:
        """Ask a container to end (SIGTERM), kill it after the grace, return when it is out. Absent: nothing."""
        ...

    async def remove(self, id: str) -> None:
        """Kill a container if it runs, and forget it with its log. Absent: nothing."""
        ...

    async def exec(self, id: str, command: Sequence[str], *, stdin: bool = False, tty: bool = False) -> Execution:
        """Run a command inside a running container, with the container's environment and working directory.

        Without `stdin` it reads an end of file. With `tty` it has a terminal, and all that it writes is stdout. The
        caller closes what it gets. Raises `ContainerGone` when the container is not there or not running, and
        `LaunchError` when the command cannot be run.
        """
        ...

    async def connect(self, id: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a TCP connection to a port at the loopback address of the pod's network, as from inside.

        `id` is any running container of the pod. Raises `ContainerGone`, and OSError when nothing listens there.
        """
        ...

    async def images(self) -> Sequence[Image]:
        """All images that are present, the network image included."""
        ...

    async def remove_image(self, id: str) -> None:
        """Remove an image with all its names. Absent: nothing. Raises `ImageError` when it is in use."""
        ...

    async def image_disk(self) -> DiskUse | None:
        """How full the disk is that holds the images; None when the runtime keeps none or cannot tell."""
        ...

    def changes(self) -> AsyncIterator[str]:
        """Stream the uids of pods whose containers may have changed, forever; "" is anything may have.

        These are hints that come late or twice, never instead of `list`; the first item is "", once the stream
        stands. When it is interrupted "" comes at once, for `list` to find out why, and again when it stands anew.
        """
        ...

    def logs(self, id: str, options: log_pb2.LogOptions) -> AsyncIterator[bytes]:
        """Stream a container's stdout and stderr in the order written; `options.previous` is the caller's affair.

        Time stamps are RFC 3339 with nanoseconds, in UTC. With `follow` the stream ends when the container has
        exited and all is sent. Raises `ContainerGone`.
        """
        ...
