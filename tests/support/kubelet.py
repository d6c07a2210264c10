"""A real kubelet in this process, and runtimes without containers that can be led into trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from peapod.kubelet.config import KubeletConfig
from peapod.kubelet.runtime.hollow import HollowExecution, HollowRuntime
from peapod.kubelet.runtime.runtime import Launch, Observed, Runtime, RuntimeUnavailable
from peapod.kubelet.server import Kubelet
from peapod.v1 import pod_pb2, pod_service_pb2
from tests.support.apiserver import Api
from tests.support.following import PATIENCE, Following

NODE = "n1"


class TroubledRuntime(HollowRuntime):
    """A hollow runtime that can be away, is slow when told to, and counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self._looked = asyncio.Event()
        self.started: list[str] = []
        self.may_stop = asyncio.Event()
        self.may_stop.set()
        self.may_pull = asyncio.Event()
        self.may_pull.set()
        self.stopped: list[tuple[str, float]] = []
        """What was asked to stop, and within how many seconds."""
        self.may_run = asyncio.Event()
        self.may_run.set()

    async def list(self, uid: str = "") -> list[Observed]:
        self._looked.set()
        self._looked = asyncio.Event()
        self._check()
        return await super().list(uid)

    async def start(self, launch: Launch) -> str:
        self._check()
        self.started.append(f"{launch.name.pod}/{launch.name.container}/{launch.name.attempt}")
        return await super().start(launch)

    async def stop(self, id: str, grace_seconds: float) -> None:
        self._check()
        name = next(one.name for one in await HollowRuntime.list(self) if one.id == id)
        self.stopped.append((f"{name.pod}/{name.container}/{name.attempt}", grace_seconds))
        await self.may_stop.wait()
        await super().stop(id, grace_seconds)

    async def remove(self, id: str) -> None:
        self._check()
        await super().remove(id)

    async def ensure_image(self, image: str, policy: pod_pb2.PullPolicy) -> str:
        self._check()
        await self.may_pull.wait()
        return await super().ensure_image(image, policy)

    async def exec(self, id: str, command: Sequence[str], *, stdin: bool = False, tty: bool = False) -> HollowExecution:
        self._check()
        await self.may_run.wait()
        return await super().exec(id, command, stdin=stdin, tty=tty)

    async def looked(self, times: int = 5) -> None:
        """Make the kubelet look so many times: time enough to do what it should not do."""
        for _ in range(times):
            looked = self._looked.wait()
            self.hint("")
            await asyncio.wait_for(looked, PATIENCE)

    def _check(self) -> None:
        if self.away:
            raise RuntimeUnavailable("the runtime is away")


@asynccontextmanager
async def running_kubelet(api: Api, runtime: Runtime, root: Path, **settings: object) -> AsyncGenerator[Kubelet]:
    """Run a kubelet of an apiserver, and close its runtime then; `settings` are fields of its config."""
    fields = {"node_name": NODE, "apiserver": api.address, "root_dir": str(root), "runtime": "hollow"} | settings
    kubelet = Kubelet(KubeletConfig(**fields), runtime, "127.0.0.1")  # type: ignore[arg-type]
    try:
        await kubelet.start()
        yield kubelet
    finally:
        await kubelet.stop()
        await runtime.close()


async def create(api: Api, pod: pod_pb2.Pod, node: str = NODE) -> pod_pb2.Pod:
    """Store a pod that is bound to a node from the start."""
    pod.spec.node_name = node
    return (await api.pods.create_pod(pod_service_pb2.CreatePodRequest(pod=pod))).pod


async def delete(api: Api, name: str) -> None:
    await api.pods.delete_pod(pod_service_pb2.DeletePodRequest(namespace="default", name=name))


async def until_containers(runtime: HollowRuntime, count: int) -> None:
    """Wait until the runtime has so many containers."""
    async with asyncio.timeout(PATIENCE):
        async for _ in runtime.changes():
            if len(await HollowRuntime.list(runtime)) == count:
                return


async def until_only(runtime: HollowRuntime, uids: Collection[str]) -> None:
    """Wait until the runtime has containers of these pods, and of no others."""
    async with asyncio.timeout(PATIENCE):
        async for _ in runtime.changes():
            if {one.name.uid for one in await HollowRuntime.list(runtime)} == set(uids):
                return


def told(seen: Following, name: str = "web") -> pod_pb2.PodStatus:
    """The status that the apiserver shows of a pod; an empty one of a pod that is not there yet."""
    return seen.pods.get(name, pod_pb2.Pod()).status


def container(seen: Following, name: str = "web") -> pod_pb2.ContainerStatus:
    """The same of its first container."""
    return next(iter(told(seen, name).container_statuses), pod_pb2.ContainerStatus())
