"""Runtimes as the conformance suite drives them: a rig per runtime, and pods that are quickly made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import uuid4

from peapod.kubelet.naming import NETWORK, ContainerName, spec_hash
from peapod.kubelet.runtime.runtime import Launch, Mount, Observed, Phase, Runtime
from peapod.v1 import log_pb2, pod_pb2

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds after which what is waited for will not come."""


@dataclass(frozen=True)
class Rig:
    """One runtime on this machine, ready to be tested."""

    make: Callable[[str], Runtime]
    """Make a runtime for a node, not opened; two for one node are a kubelet and its successor."""
    image: str
    """An image that is present, has /bin/sh and the usual small programs, and neither entrypoint nor command."""


@dataclass
class TestPod:
    """A pod of one node; its containers start when they are told to, one attempt each."""

    __test__ = False

    runtime: Runtime
    image: str
    name: str = "web"
    spec: pod_pb2.PodSpec = field(default_factory=pod_pb2.PodSpec)
    uid: str = field(default_factory=lambda: str(uuid4()))
    network: str = ""

    @property
    def message(self) -> pod_pb2.Pod:
        pod = pod_pb2.Pod(spec=self.spec)
        pod.metadata.name, pod.metadata.namespace, pod.metadata.uid = self.name, "default", self.uid
        return pod

    async def start_network(self) -> str:
        """Start the network container where the runtime wants one, and have the later containers join it."""
        if self.runtime.network_container:
            name = ContainerName(NETWORK, "0", self.name, "default", "api", self.uid, 0)
            self.network = await self.runtime.start(Launch(name, self.message, None, ""))
        return self.network

    def launch(
        self,
        script: str = "",
        *,
        container: str = "main",
        attempt: int = 0,
        command: Sequence[str] = (),
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        working_dir: str = "",
        mounts: Sequence[Mount] = (),
        image: str = "",
    ) -> Launch:
        """Describe a container that runs a shell script, or the command and args when there is no script."""
        spec = pod_pb2.Container(
            name=container,
            image=image or self.image,
            command=["/bin/sh", "-c", script] if script else command,
            args=args,
            env=[pod_pb2.EnvVar(name=key, value=value) for key, value in (env or {}).items()],
            working_dir=working_dir,
        )
        name = ContainerName(container, spec_hash(spec), self.name, "default", "api", self.uid, attempt)
        return Launch(name, self.message, spec, spec.image, self.network, mounts)

    async def start(self, script: str = "", **kwargs: object) -> str:
        """Start what `launch` describes, the network container first where it is wanted, and return the id."""
        if not self.network:
            await self.start_network()
        return await self.runtime.start(self.launch(script, **kwargs))  # type: ignore[arg-type]


async def until(runtime: Runtime, find: Callable[[Sequence[Observed]], T | None]) -> T:
    """Look again at every hint of a change until `find` finds something in the list; return that."""
    async with asyncio.timeout(PATIENCE), aclosing(runtime.changes()) as changes:  # type: ignore[type-var]
        async for _ in changes:
            if (found := find(await runtime.list())) is not None:
                return found
    raise AssertionError("the stream of changes ended")


async def until_exited(runtime: Runtime, id: str) -> Observed:
    """Wait until a container has exited; return what is seen of it then."""

    def exited(listed: Sequence[Observed]) -> Observed | None:
        return next((one for one in listed if one.id == id and one.phase is Phase.EXITED), None)

    return await until(runtime, exited)


async def until_ready(runtime: Runtime, id: str) -> None:
    """Wait until a container has written something, which it does once it can be asked to end."""
    async with asyncio.timeout(PATIENCE), aclosing(runtime.logs(id, log_pb2.LogOptions(follow=True))) as log:  # type: ignore[type-var]
        await anext(log)


async def find(runtime: Runtime, id: str) -> Observed | None:
    """Look a container up in the list."""
    return next((one for one in await runtime.list() if one.id == id), None)


async def read_log(runtime: Runtime, id: str, **options: object) -> str:
    """Read a container's log to its end."""
    async with asyncio.timeout(PATIENCE):
        chunks = [chunk async for chunk in runtime.logs(id, log_pb2.LogOptions(**options))]  # type: ignore[arg-type]
    return b"".join(chunks).decode()


async def output_of(pod: TestPod, script: str = "", **kwargs: object) -> str:
    """Run a container to its end and return what it wrote."""
    id = await pod.start(script, **kwargs)
    await until_exited(pod.runtime, id)
    return await read_log(pod.runtime, id)
