"""A cluster of one node as separate processes on loopback, each of which a test may kill at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from peapod.kubelet.runtime.open import open_runtime
from tests.support.service_process import ServiceProcess


class Processes:
    """The services by name; `node` is the one that has a kubelet, which runs containers on `runtime`."""

    def __init__(self, store: str, state: Path, node: str, runtime: str) -> None:
        self.node = node
        self.runtime = runtime
        self.root = state / "kubelet"
        self._state = state
        self.apiserver = self._service("apiserver", "--store", store)
        self.scheduler = self._client("scheduler")
        self.controllers = self._client("controllers")
        self.kubelet = self._client("kubelet", *self._kubelet_flags())
        self.proxy = self._client("proxy")
        self.gateway = self._client("gateway", "--address", "127.0.0.1:0", flag="--grpc-address")

    @property
    def all(self) -> list[ServiceProcess]:
        """Every process, those first that others need."""
        return [self.apiserver, self.scheduler, self.controllers, self.kubelet, self.proxy, self.gateway]

    def logs(self) -> str:
        """What they all have said."""
        return "".join(log.read_text() for log in self._state.glob("*.log"))

    async def start(self) -> None:
        """Start them all."""
        await asyncio.gather(*(process.start() for process in self.all))

    async def stop(self) -> None:
        """End them all, and remove the containers, which outlive them."""
        await asyncio.gather(*(process.stop() for process in reversed(self.all)))
        runtime = await open_runtime(self.runtime, self.node, self.root)
        await runtime.open()
        for one in reversed(await runtime.list()):
            await runtime.remove(one.id)
        await runtime.close()

    def _kubelet_flags(self) -> list[str]:
        flags = ["--node-name", self.node, "--runtime", self.runtime, "--root-dir", str(self.root)]
        return [*flags, "--labels", f"node={self.node}", "--heartbeat-seconds", "1"]

    def _client(self, name: str, *arguments: str, flag: str = "--address") -> ServiceProcess:
        return self._service(name, "--apiserver", self.apiserver.address, *arguments, flag=flag)

    def _service(self, name: str, *arguments: str, flag: str = "--address") -> ServiceProcess:
        return ServiceProcess(f"peapod.{name}", arguments, self._state / f"{name}.log", flag=flag)


@asynccontextmanager
async def running_processes(store: str, state: Path, node: str, runtime: str) -> AsyncGenerator[Processes]:
    """Run a cluster until the block ends; then nothing of it is left."""
    processes = Processes(store, state, node, runtime)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(processes.stop)
        await processes.start()
        yield processes
