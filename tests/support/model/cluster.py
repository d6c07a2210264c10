"""A whole cluster in this process: what talks to the apiserver does so over a wire that can be cut or held."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from peapod.kubelet.runtime.hollow import HollowRuntime
from tests.service.scheduler.conftest import running_scheduler
from tests.support.apiserver import OwnApi, running_apiserver
from tests.support.kubelet import running_kubelet
from tests.support.own_controllers import GRACE, running_controllers
from tests.support.wire import Wire, wire_to

NODES = ("n1", "n2", "n3")
CONTROL = ("scheduler", "other scheduler", "controllers", "other controllers")
"""Of each there are two, of which one is at work."""


class Cluster:
    """Three nodes without containers, schedulers and controllers, with little patience for each other."""

    def __init__(self, api: OwnApi, folder: Path, wires: dict[str, Wire]) -> None:
        self.api = api
        self.wires = wires
        """By the name of who is at their near end."""
        self.runtimes = {name: HollowRuntime() for name in NODES}
        self._folder = folder
        self._running: dict[str, AsyncExitStack] = {}

    async def start(self, name: str) -> None:
        """Run a node's kubelet, with the containers that it had, or a part of the control plane, unless it runs."""
        if name in self._running:
            return
        self._running[name] = stack = AsyncExitStack()
        address = self.wires[name].address
        match name:
            case "scheduler" | "other scheduler":
                await stack.enter_async_context(running_scheduler(address))
            case "controllers" | "other controllers":
                await stack.enter_async_context(running_controllers(address, pod_eviction_timeout=GRACE))
            case _:
                root = self._folder / name
                root.mkdir(exist_ok=True)
                told = {"node_name": name, "heartbeat_seconds": GRACE / 8, "apiserver": address}
                await stack.enter_async_context(running_kubelet(self.api, self.runtimes[name], root, **told))

    async def stop(self, name: str) -> None:
        """Have it fall silent, unless it has; containers run on."""
        if stack := self._running.pop(name, None):
            await stack.aclose()

    async def heal(self) -> None:
        """End all that disturbs it."""
        for wire in self.wires.values():
            wire.release()
        for name in self.wires:
            await self.start(name)

    async def close(self) -> None:
        """End everything."""
        for wire in self.wires.values():
            wire.release()
        for name in list(self._running):
            await self.stop(name)


@asynccontextmanager
async def cluster(folder: Path) -> AsyncGenerator[Cluster]:
    """Run a cluster on a new store."""
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(running_apiserver(folder / "peapod.db"))
        names = (*CONTROL, *NODES)
        wires = {name: await stack.enter_async_context(wire_to(api.address)) for name in names}
        made = Cluster(api, folder, wires)
        stack.push_async_callback(made.close)
        await made.heal()
        yield made
