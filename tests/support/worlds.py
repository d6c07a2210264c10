"""Clusters of which anything may be killed, on every kind of store and runtime, with real containers that count."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from peapod.common import process
from peapod.kubelet.inotify import DirectoryEvents
from peapod.v1 import node_service_pb2 as nodes
from peapod.v1 import pod_pb2
from peapod.v1 import pod_service_pb2 as pods
from tests.support import images
from tests.support.apiserver import Api
from tests.support.etcd import EtcdServer, running_etcd
from tests.support.following import PATIENCE, Following
from tests.support.kubelet import delete
from tests.support.objects import make_node
from tests.support.processes import Node, Victim, running_processes, running_up
from tests.support.tally import Tally

SIMULATED = {"simulated": "yes"}
"""Selects nodes that take pods and do nothing with them."""


@dataclass(frozen=True)
class World:
    """A cluster: where its apiserver is, what can be killed in it, and what its real containers noted."""

    address: str
    victims: list[Victim]
    node: Node
    tally: Tally
    state: Path

    def pod(self, name: str, *containers: str) -> pod_pb2.Pod:
        """Make a pod that runs for real, on the only node that can."""
        pod = self.tally.pod(name, containers or ("main",))
        pod.spec.node_name = self.node.name
        return pod

    def logs(self) -> str:
        """What all services have said."""
        return "".join(log.read_text() for log in self.state.glob("*.log"))


@dataclass(frozen=True)
class Etcd:
    """The store's server as a victim."""

    server: EtcdServer

    async def kill(self) -> None:
        await asyncio.to_thread(self.server.kill)

    async def start(self) -> None:
        await asyncio.to_thread(self.server.restart)


@asynccontextmanager
async def on_sandboxes(state: Path, name: str) -> AsyncGenerator[World]:
    """SQLite, and containers as sandboxes."""
    node, tally = Node(state, name, "sandbox"), Tally(state / "tally", "host")
    async with running_processes(f"sqlite:///{state}/peapod.db", state, node) as processes:
        yield World(processes.apiserver.address, [*processes.all], node, tally, state)


@asynccontextmanager
async def on_docker(state: Path, name: str) -> AsyncGenerator[World]:
    """Etcd, and containers on Docker."""
    node, tally = Node(state, name, "docker"), Tally(state / "tally", images.ensure("peapod-test/busybox:1"))
    with running_etcd() as etcd:
        async with running_processes(etcd.url, state, node) as processes:
            yield World(processes.apiserver.address, [*processes.all, Etcd(etcd)], node, tally, state)


@asynccontextmanager
async def under_up(state: Path, name: str) -> AsyncGenerator[World]:
    """Sandboxes and SQLite, where all services end with the one that watches over them."""
    node, tally = Node(state, name, "sandbox"), Tally(state / "tally", "host")
    async with running_up(state, node) as up:
        yield World(up.address, [up, up], node, tally, state)


@asynccontextmanager
async def simulated_nodes(api: Api) -> AsyncGenerator[None]:
    """Nodes without a kubelet, which report themselves all the same."""

    async def beat() -> None:
        while True:
            for number in range(5):
                node = make_node(f"simulated-{number}", pods="1000", labels=SIMULATED)
                await api.nodes.heartbeat_node(nodes.HeartbeatNodeRequest(node=node), timeout=5)
            await asyncio.sleep(5)

    beating = process.spawn(beat, "simulated nodes")
    try:
        yield
    finally:
        await process.end(beating)


async def create(api: Api, pod: pod_pb2.Pod) -> None:
    await api.pods.create_pod(pods.CreatePodRequest(pod=pod))


def all_run(seen: Following, names: Collection[str]) -> bool:
    """Tell whether the pods are said to run, all of them and in all their containers."""
    return all(
        name in seen.pods
        and seen.pods[name].status.phase == pod_pb2.POD_PHASE_RUNNING
        and all(one.ready for one in seen.pods[name].status.container_statuses)
        for name in names
    )


def told(seen: Following, names: Collection[str]) -> Mapping[str, Mapping[str, tuple[str, int, int]]]:
    """What the apiserver shows of the pods' containers: id, start and restarts of each."""
    return {
        name: {
            one.name: (one.container_id, one.state.running.started_at.ToNanoseconds(), one.restart_count)
            for one in seen.pods[name].status.container_statuses
        }
        for name in names
    }


async def remove(world: World, api: Api, seen: Following, names: Collection[str]) -> None:
    """Delete pods, and return when their node has done all that it does for them."""
    homes = [world.node.root / "pods" / seen.pods[name].metadata.uid for name in names]
    for name in names:
        await delete(api, name)
    await gone(homes)


async def gone(homes: Collection[Path]) -> None:
    """Wait until the pods' directories are deleted, which is the last thing that a kubelet does for a pod."""
    events = DirectoryEvents()
    try:
        async with asyncio.timeout(PATIENCE):
            for home in homes:
                await _gone(events, home)
    finally:
        events.close()


async def _gone(events: DirectoryEvents, home: Path) -> None:
    with suppress(FileNotFoundError):
        while True:
            with events.of(home) as changed:
                await changed.wait()
