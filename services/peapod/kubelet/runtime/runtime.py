"""The one protocol that every container runtime speaks.

A runtime knows containers, not pods: it starts what it is told, says what is there, and never decides. What holds
for every implementation is written here and proved by tests/conformance/runtimes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

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

    async def list(self) -> list[Observed]:
        """All containers of this node in all phases, or an error; never a part. Oldest first."""
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

    def changes(self) -> AsyncIterator[str]:
        """Stream the uids of pods whose containers may have changed, forever; "" is anything may have.

        These are hints that come late or twice, never instead of `list`; the first item is "", once the stream
        stands, and after an interruption "" comes again.
        """
        ...

    def logs(self, id: str, options: log_pb2.LogOptions) -> AsyncIterator[bytes]:
        """Stream a container's stdout and stderr in the order written; `options.previous` is the caller's affair.

        Time stamps are RFC 3339 with nanoseconds, in UTC. With `follow` the stream ends when the container has
        exited and all is sent. Raises `ContainerGone`.
        """
        ...
