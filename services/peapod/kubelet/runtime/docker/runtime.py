"""The runtime protocol on a Docker engine. A pod is a network container, which has the address, the published ports
and the shared memory, and the user containers that join it.
"""

from __future__ import annotations

import asyncio
import builtins
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress

from docker import APIClient
from docker.errors import APIError, NotFound

from peapod.common.errors import Violation
from peapod.kubelet.naming import NODE_LABEL, UID_LABEL
from peapod.kubelet.runtime.docker.client import Engine, find_container, get_stream
from peapod.kubelet.runtime.docker.connect import connect
from peapod.kubelet.runtime.docker.credentials import Credentials
from peapod.kubelet.runtime.docker.errors import CONFLICT, NOT_FOUND, is_status, unavailable
from peapod.kubelet.runtime.docker.events import Events
from peapod.kubelet.runtime.docker.exec import DockerExecution, execute
from peapod.kubelet.runtime.docker.images import Images
from peapod.kubelet.runtime.docker.logs import LogFrames, log_query
from peapod.kubelet.runtime.docker.spec import create_body
from peapod.kubelet.runtime.docker.start import Starter, remove_container
from peapod.kubelet.runtime.docker.state import observed
from peapod.kubelet.runtime.runtime import (
    ContainerGone,
    DiskUse,
    Image,
    ImageError,
    Launch,
    Observed,
    RuntimeUnavailable,
)
from peapod.v1 import log_pb2, pod_pb2


class DockerRuntime:
    """Runs one node's containers on the Docker engine at `engine`, or on the one that the environment names.

    Containers of other nodes on the same engine are left alone. `network_image` replaces the built-in image of the
    network containers; it is pulled when it is not there. `logins` is the file with the logins for registries; the
    docker command's when it is empty.
    """

    def __init__(self, node: str, *, network_image: str = "", engine: str = "", logins: str = "") -> None:
        self._node = node
        self._engine = Engine(engine)
        self._images = Images(self._engine, Credentials(logins), network_image)
        self._starter = Starter()
        self._seen: dict[str, tuple[str, Observed]] = {}
        self._short_of_memory: set[str] = set()

    @property
    def scheme(self) -> str:
        """The word before :// in container ids."""
        return "docker"

    @property
    def network_container(self) -> bool:
        """Pods have one."""
        return True

    async def open(self) -> None:
        """Reach the engine, and make the image of the network containers present."""
        try:
            await self._images.ensure_network_image()
        except ImageError as error:
            raise RuntimeUnavailable(f"no pod can start: {error}") from error

    async def close(self) -> None:
        """Let go of the engine."""
        await self._images.close()
        self._engine.close()

    async def version(self) -> str:
        """Say which engine this is."""
        version = await self._engine.ask(lambda client: client.version()["Version"])
        return f"docker://{version}"

    def refusals(self, pod: pod_pb2.Pod) -> builtins.list[Violation]:
        """Nothing: what this machine's engine cannot do, it says itself when the container starts."""
        return []

    async def ensure_image(self, image: str, policy: pod_pb2.PullPolicy) -> str:
        """Make an image present; an unspecified policy pulls what is absent."""
        return await self._images.ensure(image, policy)

    async def list(self, uid: str = "") -> builtins.list[Observed]:
        """Ask for all at once, and look closer only at what is new or in another state than the last time."""
        labels = [f"{NODE_LABEL}={self._node}"] + ([f"{UID_LABEL}={uid}"] if uid else [])
        listed = await self._engine.ask(lambda client: client.containers(all=True, filters={"label": labels}))
        states = {str(container["Id"]): str(container["State"]) for container in listed}
        looked_for = {id for id, (_, one) in self._seen.items() if uid in ("", one.name.uid)}
        for gone in looked_for - states.keys():
            del self._seen[gone]
        seen = await asyncio.gather(*(self._look(id, state) for id, state in states.items()))
        return sorted((one for one in seen if one), key=lambda one: (one.created_at, one.id))

    async def start(self, launch: Launch) -> str:
        """Create and start a container; the built-in network image is made again if someone removed it."""
        try:
            return await self._start(launch)
        except ImageError:
            if launch.container is not None:
                raise
            await self._images.ensure_network_image()
            return await self._start(launch)

    async def stop(self, id: str, grace_seconds: float) -> None:
        """Stop a container with the signal that its image names, SIGTERM by default; the grace in whole seconds."""

        def stop(client: APIClient) -> None:
            with suppress(NotFound):
                client.stop(id, timeout=math.ceil(grace_seconds))

        await self._engine.wait(stop)

    async def remove(self, id: str) -> None:
        """Remove a container and its anonymous volumes."""
        await self._engine.change(lambda client: remove_container(client, id))

    async def exec(self, id: str, command: Sequence[str], *, stdin: bool = False, tty: bool = False) -> DockerExecution:
        """Run a command by the engine's exec."""
        return await execute(self._engine, id, command, stdin=stdin, tty=tty)

    async def connect(self, id: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect inside the pod's network; from where it cannot be entered, to the pod's address."""
        return await connect(self._engine, id, port)

    async def images(self) -> Sequence[Image]:
        """All images of the engine."""
        return await self._images.list()

    async def remove_image(self, id: str) -> None:
        """Remove an image unless a container, of whomever, was made from it."""
        await self._images.remove(id)

    async def image_disk(self) -> DiskUse | None:
        """Look at the file system of the engine's root directory."""
        return await self._images.disk()

    async def changes(self) -> AsyncIterator[str]:
        """Follow the engine's events."""
        events = Events(self._engine, self._node, on_change=self._note)
        async with aclosing(events.hints()) as hints:
            async for hint in hints:
                yield hint

    async def logs(self, id: str, options: log_pb2.LogOptions) -> AsyncIterator[bytes]:
        """Read what the engine kept of the container's output."""
        path, query, frames = f"/containers/{id}/logs", log_query(options), LogFrames(options.timestamps)
        async with self._engine.stream("logs", lambda client: get_stream(client, path, query)) as stream:
            try:
                while (received := await stream.read()) is not None:
                    if text := frames.feed(received):
                        yield text
            except APIError as error:
                if is_status(error, NOT_FOUND, CONFLICT):
                    raise ContainerGone(f"there is no container {id}") from error
                raise unavailable(error) from error

    async def _start(self, launch: Launch) -> str:
        body = create_body(launch, self._node, self._images.network_image)
        return await self._engine.change(lambda client: self._starter.start(client, str(launch.name), body))

    async def _look(self, id: str, state: str) -> Observed | None:
        """Inspect a container unless this state of it is known; None when it is gone or no kubelet's."""
        known = self._seen.get(id)
        if known is not None and known[0] == state:
            return known[1]
        inspected = await self._engine.ask(lambda client: find_container(client, id))
        if inspected is None:
            return None
        try:
            one = observed(inspected, short_of_memory=id in self._short_of_memory)
        except ValueError:
            return None
        self._seen[id] = inspected["State"]["Status"], one
        return one

    def _note(self, id: str, event: str) -> None:
        self._seen.pop(id, None)
        if event == "oom":
            self._short_of_memory.add(id)
        elif event == "destroy":
            self._short_of_memory.discard(id)
