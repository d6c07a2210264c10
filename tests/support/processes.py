"""A cluster of one node as processes on loopback: each service started by the test, or all by `peapod up`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

from peapod.kubelet.runtime.open import open_runtime
from peapod.kubelet.runtime.runtime import Observed
from tests.support.ports import free_port
from tests.support.service_process import ServiceProcess


class Victim(Protocol):
    """What can be killed, and started again with what it had stored."""

    async def kill(self) -> None:
        """End it by SIGKILL."""

    async def start(self) -> None:
        """Return when it answers again."""


class Node:
    """Where the cluster's one node keeps its things, and on which runtime it runs containers."""

    def __init__(self, state: Path, name: str, runtime: str) -> None:
        self.name = name
        self.root = state / "kubelet"
        self.runtime = runtime

    async def containers(self) -> list[Observed]:
        """All containers that the node has."""
        runtime = await open_runtime(self.runtime, self.name, self.root)
        await runtime.open()
        try:
            return await runtime.list()
        finally:
            await runtime.close()

    async def clear(self) -> None:
        """Remove all its containers, which outlive its kubelet."""
        runtime = await open_runtime(self.runtime, self.name, self.root)
        await runtime.open()
        for one in reversed(await runtime.list()):
            await runtime.remove(one.id)
        await runtime.close()


def kubelet_process(node: Node, state: Path, apiserver: str) -> ServiceProcess:
    """Make the kubelet of a node."""
    flags = ["--node-name", node.name, "--runtime", node.runtime, "--root-dir", str(node.root)]
    return ServiceProcess("peapod.kubelet", ["--apiserver", apiserver, *flags], state / "kubelet.log")


class Processes:
    """The services by name; the first are those that others need."""

    def __init__(self, store: str, state: Path, node: Node) -> None:
        self._state = state
        self.apiserver = self._service("apiserver", "--store", store)
        self.scheduler = self._client("scheduler")
        self.controllers = self._client("controllers")
        self.kubelet = kubelet_process(node, state, self.apiserver.address)
        self.proxy = self._client("proxy", "--mode", "userspace")
        self.dns = self._client("dns", "--address", "127.0.0.1:0", flag="--grpc-address")
        self.gateway = self._client("gateway", "--address", "127.0.0.1:0", flag="--grpc-address")
        self.all = [self.apiserver, self.scheduler, self.controllers, self.kubelet, self.proxy, self.dns, self.gateway]

    async def start(self) -> None:
        """Start them all."""
        await asyncio.gather(*(process.start() for process in self.all))

    async def stop(self) -> None:
        """End them all."""
        await asyncio.gather(*(process.stop() for process in reversed(self.all)))

    def _client(self, name: str, *arguments: str, flag: str = "--address") -> ServiceProcess:
        return self._service(name, "--apiserver", self.apiserver.address, *arguments, flag=flag)

    def _service(self, name: str, *arguments: str, flag: str = "--address") -> ServiceProcess:
        return ServiceProcess(f"peapod.{name}", arguments, self._state / f"{name}.log", flag=flag)


class Up:
    """`peapod up`, with the services as its children."""

    def __init__(self, state: Path, node: Node, log: Path, *more: str) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        flags = ["--state-dir", str(state), "--runtime", node.runtime, "--node-name", node.name]
        flags += ["--apiserver-address", self.address, "--gateway-address", f"127.0.0.1:{free_port()}"]
        flags += ["--cluster-dns-address", "127.0.0.1:0"]
        self._command = (sys.executable, "-m", "peapod_cli", "up", *flags, *more)
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Return when it says that all is ready."""
        said = await self.try_to_start()
        assert said.startswith("ready"), f"it said {said!r}; see {self._log}"

    async def try_to_start(self) -> str:
        """Return the first line that it says; it is empty if it has failed."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdout=asyncio.subprocess.PIPE, stderr=log
            )
        assert self._process.stdout
        return (await self._process.stdout.readline()).decode()

    async def kill(self) -> None:
        """End it by SIGKILL; nobody waits for its services to end."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()

    async def stop(self) -> None:
        """Press Ctrl-C, unless it has ended already."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
            await self._process.communicate()


@asynccontextmanager
async def running_processes(store: str, state: Path, node: Node) -> AsyncGenerator[Processes]:
    """Run a cluster until the block ends; then nothing of it is left."""
    async with AsyncExitStack() as stack:
        processes = Processes(store, state, node)
        stack.push_async_callback(node.clear)
        stack.push_async_callback(processes.stop)
        await processes.start()
        yield processes


@asynccontextmanager
async def running_up(
    state: Path, node: Node, log: Path | None = None, *, flags: Sequence[str] = ()
) -> AsyncGenerator[Up]:
    """The same for `peapod up`; its log is in the state directory unless told otherwise."""
    async with AsyncExitStack() as stack:
        up = Up(state, node, log or state / "up.log", *flags)
        stack.push_async_callback(node.clear)
        stack.push_async_callback(up.stop)
        await up.start()
        yield up
