"""The sandbox runtime: directories, supervisors and events put together as the runtime's protocol."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote
from weakref import WeakValueDictionary

from peapod.common.errors import Violation
from peapod.kubelet.inotify import DirectoryEvents
from peapod.kubelet.naming import ContainerName
from peapod.kubelet.runtime.runtime import (
    ContainerGone,
    DiskUse,
    Image,
    Launch,
    LaunchError,
    Observed,
    RuntimeUnavailable,
)
from peapod.kubelet.runtime.sandbox import bubblewrap, helper, identity, logs, record, view
from peapod.kubelet.runtime.sandbox.containers import Container, Containers, images_of
from peapod.kubelet.runtime.sandbox.execution import SandboxExecution, execute
from peapod.kubelet.runtime.sandbox.images import Images
from peapod.kubelet.runtime.sandbox.refusals import refusals
from peapod.kubelet.runtime.sandbox.watch import Hints, Lives
from peapod.v1 import log_pb2, pod_pb2

LOG_LIMIT = 10 * 1024 * 1024
"""The size at which a container's log is set aside for a new one; one old one is kept."""

_START_SECONDS = 60.0
_KILL_SECONDS = 10.0
_STARTS_AT_ONCE = 4

_log = logging.getLogger(__name__)


class SandboxRuntime:
    """Runs a node's containers as bubblewrap sandboxes that share the node's network.

    Everything is kept under `root`, which several nodes of one machine may share. Containers do not see it, nor
    the directories in `hidden`. It serves one event loop.
    """

    scheme = "sandbox"
    network_container = False

    def __init__(self, node: str, root: Path, *, hidden: Sequence[Path] = (), log_limit: int = LOG_LIMIT) -> None:
        self._hidden = (root, *hidden)
        self._log_limit = log_limit
        self._images = Images(root / "images", root / "archives", partial(images_of, root / "nodes"))
        self._containers = Containers(root / "nodes" / quote(node, safe=""), node)
        self._lives = Lives(self._settle)
        self._hints = Hints()
        self._events = DirectoryEvents()
        self._locks: WeakValueDictionary[ContainerName, asyncio.Lock] = WeakValueDictionary()
        self._starts = asyncio.Semaphore(_STARTS_AT_ONCE)
        self._bwrap = ""
        self._version = ""

    async def open(self) -> None:
        """Check that this machine can make sandboxes, and watch the containers that run already."""
        with _reachable():
            self._bwrap = bubblewrap.find()
            self._version = await asyncio.to_thread(bubblewrap.try_out, self._bwrap)
            await asyncio.to_thread(self._images.open)
            await asyncio.to_thread(self._containers.open)
            for container in await asyncio.to_thread(self._containers.all):
                if container.alive():
                    self._lives.watch(container)

    async def close(self) -> None:
        """Stop watching; containers and their supervisors run on."""
        self._lives.close()
        self._events.close()

    async def version(self) -> str:
        """Name bubblewrap's version."""
        return f"{self.scheme}://{self._version}"

    def refusals(self, pod: pod_pb2.Pod) -> list[Violation]:
        """Name each field of the pod that the sandbox cannot honour."""
        return refusals(pod)

    async def ensure_image(self, image: str, policy: pod_pb2.PullPolicy) -> str:
        """Return the id of an image that is here or in the archives; nothing is ever pulled."""
        with _reachable():
            return (await asyncio.to_thread(self._images.ensure, image, policy)).id

    async def import_image(self, archive: Path, name: str = "") -> str:
        """Take an image from a `docker save` or `docker export` archive and return its id; raise `ImageError`.

        It is called `name`, which an exported archive needs, or as it calls itself.
        """
        with _reachable():
            return (await asyncio.to_thread(self._images.take, archive, name)).id

    async def list(self, uid: str = "") -> list[Observed]:
        """All containers of this node, or of a pod, oldest first."""
        with _reachable():
            return await asyncio.to_thread(self._containers.observed, uid)

    async def start(self, launch: Launch) -> str:
        """Create and start a container unless there is one of that name."""
        with _reachable():
            async with self._lock(launch.name):
                container = await self._started(launch)
                self._lives.watch(container)
            self._hints.publish(container.name.uid)
            return container.id

    async def stop(self, id: str, grace_seconds: float) -> None:
        """Ask a container to end, kill it after the grace, return when no process of it is left."""
        with _reachable():
            container = await asyncio.to_thread(self._containers.find, id)
            if container is None or not container.alive():
                return
            with suppress(FileNotFoundError):  # removed meanwhile
                ended = self._lives.watch(container)
                if not container.order(record.TERMINATE) or not await _within(grace_seconds, ended):
                    await self._kill(container)

    async def remove(self, id: str) -> None:
        """Kill a container if it runs, and delete its directory."""
        with _reachable():
            container = await asyncio.to_thread(self._containers.find, id)
            if container is None:
                return
            async with self._lock(container.name):
                if container.alive():
                    await self._kill(container)
                await asyncio.to_thread(self._containers.forget, container)
            self._hints.publish(container.name.uid)

    async def exec(
        self, id: str, command: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> SandboxExecution:
        """Run a command inside of a container, by way of a process that enters its namespaces."""
        with _reachable():
            container = await self._running(id)
            async with self._lock(container.name):
                pass  # its start is over, and with it the mounts are there
            return await execute(container, command, stdin=stdin, tty=tty)

    async def connect(self, id: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection to a port of the node, whose network all containers share."""
        with _reachable():
            await self._running(id)
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            return await asyncio.open_connection("::1", port)

    async def images(self) -> Sequence[Image]:
        """The node itself, which is no bytes of its own, and the images that were taken from archives."""
        with _reachable():
            return await asyncio.to_thread(self._images.all)

    async def remove_image(self, id: str) -> None:
        """Remove an image; containers that ask for it have it taken anew, if an archive has it."""
        with _reachable():
            await asyncio.to_thread(self._images.remove, id)

    async def image_disk(self) -> DiskUse:
        """How full the disk is below the state directory."""
        with _reachable():
            return await asyncio.to_thread(self._images.disk)

    def changes(self) -> AsyncIterator[str]:
        """Stream the uids of pods whose containers started, ended or went."""
        return self._hints.read()

    async def logs(self, id: str, options: log_pb2.LogOptions) -> AsyncIterator[bytes]:
        """Stream a container's log."""
        with _reachable():
            container = await asyncio.to_thread(self._containers.find, id)
            if container is None:
                raise ContainerGone(id)
            stream = logs.stream(container.path, container.ended, self._events, options)
            try:
                async with aclosing(stream):
                    async for text in stream:
                        yield text
            except FileNotFoundError as error:
                raise ContainerGone(id) from error

    async def _running(self, id: str) -> Container:
        container = await asyncio.to_thread(self._containers.find, id)
        if container is None or not container.alive():
            raise ContainerGone(id)
        return container

    def _lock(self, name: ContainerName) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    def _find_or_create(self, launch: Launch) -> Container:
        if found := self._containers.named(launch.name):
            return found
        with self._images.kept():
            return self._create(launch)

    def _create(self, launch: Launch) -> Container:
        image = self._images.ensure(launch.image, pod_pb2.PULL_POLICY_NEVER)
        own = self._containers.path(launch.name)
        files = identity.files(launch, image)
        mounts = [*identity.mounts(own, files, launch.mounts), *launch.mounts]
        if image.rootfs is None:
            seen = view.of_node(own, mounts, self._hidden)
        else:
            seen = view.of_image(image.rootfs, own, mounts, bubblewrap.working_dir(launch, image))
        words: dict[str, Sequence[str | bytes]] = {
            record.COMMAND: bubblewrap.command(launch, image),
            record.OPTIONS: bubblewrap.options(launch, image, seen),
            record.INSIDE: bubblewrap.inside(launch, image).words(),
        }
        files |= {file: bubblewrap.terminated(content) for file, content in words.items()}
        return self._containers.create(launch.name, launch.image, image.id, files)

    async def _started(self, launch: Launch) -> Container:
        """Find or start the container; when it cannot be set up, nothing of it is left."""
        refusal = ""
        for _ in range(bubblewrap.TRIES):
            container = await asyncio.to_thread(self._find_or_create, launch)
            if not container.runnable():
                return container
            async with self._starts:
                refusal = await asyncio.to_thread(supervise, self._bwrap, container, self._log_limit)
            if not refusal:
                return container
            await asyncio.to_thread(self._containers.forget, container)
            if not bubblewrap.disturbed(refusal):
                break
        raise LaunchError(refusal)

    async def _kill(self, container: Container) -> None:
        ended = self._lives.watch(container)
        if container.order(record.KILL) and await _within(_KILL_SECONDS, ended):
            return
        await asyncio.to_thread(container.kill)
        if not await _within(_KILL_SECONDS, ended):
            raise RuntimeUnavailable(f"container {container.id} cannot be killed")

    def _settle(self, container: Container) -> None:
        """Record an end that the supervisor did not record, and tell of it."""
        try:
            container.observe()
        except OSError as error:
            _log.warning("container %s has ended and cannot be looked at: %s", container.id, error)
        self._hints.publish(container.name.uid)


def supervise(bwrap: str, container: Container, log_limit: int) -> str:
    """Start a container's supervisor, wait until the container is set up, and say why it is not."""
    try:
        done = subprocess.run(
            [*helper.python("supervisor"), bwrap, str(container.path), str(log_limit)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=helper.ENVIRONMENT,
            cwd="/",
            start_new_session=True,
            timeout=_START_SECONDS,
        )
    except subprocess.TimeoutExpired:
        container.kill()
        return f"bubblewrap was not ready within {_START_SECONDS:g} seconds"
    words = done.stdout.decode(errors="replace").strip().splitlines()
    return words[-1] if words else ""


async def _within(seconds: float, ended: asyncio.Event) -> bool:
    try:
        await asyncio.wait_for(ended.wait(), seconds)
    except TimeoutError:
        return False
    return True


@contextmanager
def _reachable() -> Iterator[None]:
    """Say that the runtime is not to be reached when the disk or the kernel refuses."""
    try:
        yield
    except OSError as error:
        raise RuntimeUnavailable(f"the sandbox runtime failed: {error}") from error
