"""A whole cluster on machines of its own: the control plane on one, and on each other what belongs on a node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from peapod.common.kinds import ENDPOINTS, REPLICATION_CONTROLLER, SERVICE
from peapod.controllers.nodes.conditions import is_ready
from peapod.v1 import pod_pb2
from tests.support import engine, images
from tests.support.apiserver import Api, connected
from tests.support.following import Following, following
from tests.support.machines import CONTROL, PORTALS, Machines, NodeMachine, running_machines
from tests.support.portals import Proxy, running_proxy
from tests.support.service_process import ServiceProcess
from tests.support.wire import wire_to

APISERVER = f"{CONTROL}:7070"
GRACE = 12.0
"""How many seconds a node may be silent; heartbeats without news are stored every ten."""
EVICTION = 3.0
"""For how many seconds more its pods are left alone."""
PATIENCE = 120.0
"""Seconds within which twenty pods run, on a busy machine."""


@dataclass(frozen=True)
class Node:
    """A machine with a kubelet, a proxy and a DNS."""

    name: str
    machine: NodeMachine
    root: Path
    kubelet: ServiceProcess
    proxy: Proxy

    def containers(self) -> list[tuple[str, str]]:
        """List the pod and the name of each container that runs."""
        with self.machine.engine.client() as api:
            found = [one["Labels"] for one in api.containers()]
        return sorted((labels["io.peapod.pod"], labels["io.peapod.container"]) for labels in found)

    def home(self, pod: pod_pb2.Pod) -> Path:
        """Say where the kubelet keeps what belongs to a pod."""
        return self.root / "pods" / pod.metadata.uid


@dataclass(frozen=True)
class Site:
    """The cluster: where a test reaches its apiserver, what a watcher of it sees, and its nodes by name."""

    api: Api
    seen: Following
    machines: Machines
    nodes: Mapping[str, Node]
    state: Path

    def pods(self, group: str) -> dict[str, pod_pb2.Pod]:
        """The pods with a label `name`, by their own names."""
        return {name: pod for name, pod in self.seen.pods.items() if pod.metadata.labels.get("name") == group}

    async def settled(self, counts: Mapping[str, int]) -> None:
        """Wait until there are so many pods of each controller, counted, ready, and behind the service of its name,
        and until every proxy that can be told knows it.
        """
        await self.seen.until(lambda: all(self._is_settled(*group) for group in counts.items()), PATIENCE)
        revision = max(self.seen.of(ENDPOINTS)[group].metadata.resource_version for group in counts)
        ready = [node for node in self.nodes.values() if is_ready(self.seen.nodes[node.name])]
        await asyncio.gather(*(node.proxy.applied(endpoints=revision) for node in ready))

    async def until_ready(self, *names: str) -> None:
        """Wait until these nodes are ready."""
        await self.seen.until(
            lambda: all(name in self.seen.nodes and is_ready(self.seen.nodes[name]) for name in names), PATIENCE
        )

    async def run_in(self, pod: str, *command: str) -> str:
        """Run a command in a pod's only container, and return what it printed."""
        return await asyncio.to_thread(self._run_in, self.seen.pods[pod], command)

    def logs(self) -> str:
        """What all services have said, but the proxies."""
        return "\n".join(f"{log.name}:\n{log.read_text()}" for log in sorted(self.state.glob("*.log")))

    def _is_settled(self, group: str, count: int) -> bool:
        controller = self.seen.of(REPLICATION_CONTROLLER).get(group)
        endpoints = self.seen.of(ENDPOINTS).get(group)
        addressed = (
            {one.target_ref.uid for subset in endpoints.subsets for one in subset.addresses} if endpoints else {}
        )
        uids = {pod.metadata.uid for pod in self.pods(group).values()}
        return controller is not None and controller.status.replicas == count == len(uids) and addressed == uids

    def _run_in(self, pod: pod_pb2.Pod, command: tuple[str, ...]) -> str:
        container = pod.status.container_statuses[0].container_id.rpartition("/")[2]
        with self.nodes[pod.spec.node_name].machine.engine.client() as api:
            return engine.run_in(api, container, command)


@asynccontextmanager
async def running_site(state: Path, names: tuple[str, ...]) -> AsyncGenerator[Site]:
    """Run a cluster with nodes of these names, which have the images of the guestbook; then nothing of it is left."""
    async with AsyncExitStack() as stack:
        machines = await stack.enter_async_context(running_machines(len(names)))
        await _start_control(stack, machines, state)
        wire = await stack.enter_async_context(wire_to(APISERVER, machines.control.netns))
        api = await stack.enter_async_context(connected(wire.address))
        seen = await stack.enter_async_context(following(api, REPLICATION_CONTROLLER, ENDPOINTS, SERVICE))
        nodes = {
            name: await _start_node(stack, name, machine, state)
            for name, machine in zip(names, machines.nodes, strict=True)
        }
        site = Site(api, seen, machines, nodes, state)
        await site.until_ready(*names)
        yield site


async def _start_control(stack: AsyncExitStack, machines: Machines, state: Path) -> None:
    prefix = machines.control.netns.prefix
    store = ["--store", f"sqlite:///{state}/peapod.db", "--portal-net", PORTALS, "--allow-insecure"]
    apiserver = ServiceProcess("peapod.apiserver", store, state / "apiserver.log", address=APISERVER, prefix=prefix)
    patience = ["--node-grace-seconds", str(GRACE), "--pod-eviction-timeout", str(EVICTION), "--eviction-rate", "100"]
    for process in (
        apiserver,
        _client("scheduler", state / "scheduler", prefix),
        _client("controllers", state / "controllers", prefix, *patience),
    ):
        stack.push_async_callback(process.stop)
        await process.begin()


async def _start_node(stack: AsyncExitStack, name: str, machine: NodeMachine, state: Path) -> Node:
    for image in ("peapod-test/redis:1", "peapod-test/guestbook:1"):
        await asyncio.to_thread(images.ensure, image, machine.engine.address)
    root, prefix = state / name, machine.netns.prefix
    at = ["--address", f"{machine.gateway}:53", "--allow-insecure"]
    dns = _client("dns", state / f"{name}-dns", prefix, *at, flag="--grpc-address")
    kubelet = _kubelet(name, machine, root)
    for process in (dns, kubelet):
        stack.push_async_callback(process.stop)
        await process.begin()
    flags = ["--mode", "iptables", "--portal-net", PORTALS, "--sync-seconds", "2", "--log-level", "debug"]
    proxy = await stack.enter_async_context(running_proxy(machine.netns, APISERVER, *flags))
    return Node(name, machine, root, kubelet, proxy)


def _kubelet(name: str, machine: NodeMachine, root: Path) -> ServiceProcess:
    flags = ["--apiserver", APISERVER, "--allow-insecure", "--node-name", name, "--root-dir", str(root)]
    flags += ["--runtime", "docker", "--docker-host", machine.engine.address, "--heartbeat-seconds", "1"]
    flags += ["--cluster-dns", machine.gateway, "--resolv-conf", "/dev/null"]
    address, log = f"{machine.address}:10250", root.with_name(f"{name}-kubelet.log")
    return ServiceProcess("peapod.kubelet", flags, log, address=address, prefix=machine.netns.prefix)


def _client(service: str, place: Path, prefix: tuple[str, ...], *flags: str, flag: str = "--address") -> ServiceProcess:
    """A service that nobody calls: it tells how it is in the file system, where that is seen from all namespaces."""
    health, log = f"unix:{place}.sock", place.with_suffix(".log")
    arguments = ["--apiserver", APISERVER, *flags]
    return ServiceProcess(f"peapod.{service}", arguments, log, flag=flag, address=health, prefix=prefix)
