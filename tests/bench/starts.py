"""Create-to-Running of the chapter's pod on Docker, against the same containers created directly through its API."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import docker
from docker.types import HostConfig

from peapod.kubelet.runtime import pause
from peapod.v1 import meta_pb2, node_pb2, pod_pb2
from peapod.v1 import node_service_pb2 as nodes
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod_cli.simulation.memory import resident_bytes
from tests.bench.processes import apiserver, channel_to
from tests.bench.report import Line
from tests.support import engine, images
from tests.support.service_process import running

ROUNDS = 7
NODE = f"{engine.SESSION}-bench"
CONTAINERS = (("master1", "peapod-test/redis:1", 6379, 6388), ("master2", "peapod-test/sshd:1", 22, 8888))


async def measure(folder: Path) -> AsyncIterator[Line]:
    """Start the pod both ways, in rounds that alternate, and look at the processes' memory."""
    for _, image, *_ in CONTAINERS:
        await asyncio.to_thread(images.ensure, image)
    async with apiserver(folder) as server, channel_to(server) as channel:
        flags = ["--apiserver", server.address, "--log-level", "warning"]
        kubelet_flags = [*flags, "--runtime", "docker", "--node-name", NODE, "--root-dir", str(folder / "kubelet")]
        async with (
            running("peapod.scheduler", flags, folder / "scheduler.log") as scheduler,
            running("peapod.controllers", flags, folder / "controllers.log") as controllers,
            running("peapod.kubelet", kubelet_flags, folder / "kubelet.log") as kubelet,
        ):
            await node_ready(NodeServiceClient(channel))
            client = PodServiceClient(channel)
            ratios = []
            for _ in range(ROUNDS):
                ours = await _through_peapod(client)
                ratios.append(ours / await asyncio.to_thread(_directly))
            yield Line("create-to-Running, of the direct Docker calls", statistics.median(ratios), at_most=1.3)
            processes = {"apiserver": server, "scheduler": scheduler, "controllers": controllers, "kubelet": kubelet}
            for name, process in processes.items():
                yield Line(f"resident memory of the {name}", resident_bytes(process.pid) / 2**20, "MiB")


async def node_ready(client: NodeServiceClient) -> None:
    """Wait until the cluster's only node is ready."""
    async with client.watch_nodes(nodes.WatchNodesRequest()) as stream:
        async for batch in stream:
            if any(_is_ready(change.node) for change in batch.events):
                return


def _is_ready(node: node_pb2.Node) -> bool:
    return any(condition.status == meta_pb2.CONDITION_STATUS_TRUE for condition in node.status.conditions)


async def _through_peapod(client: PodServiceClient) -> float:
    pod = pod_pb2.Pod(metadata=meta_pb2.ObjectMeta(name="podtest"))
    for name, image, port, host_port in CONTAINERS:
        pod.spec.containers.add(name=name, image=image).ports.add(container_port=port, host_port=host_port)
    started = time.perf_counter()
    created = (await client.create_pod(pods.CreatePodRequest(pod=pod))).pod
    await until_running(client, created)
    seconds = time.perf_counter() - started
    await client.delete_pod(pods.DeletePodRequest(name="podtest"))
    await asyncio.to_thread(_wait_until_removed)
    return seconds


async def until_running(client: PodServiceClient, created: pod_pb2.Pod) -> None:
    """Wait until a pod that was just created is said to run."""
    async with client.watch_pods(pods.WatchPodsRequest(revision=created.metadata.resource_version)) as stream:
        async for batch in stream:
            if any(_runs(change.pod, created.metadata.uid) for change in batch.events):
                return


def _runs(pod: pod_pb2.Pod, uid: str) -> bool:
    return pod.metadata.uid == uid and pod.status.phase == pod_pb2.POD_PHASE_RUNNING


def _wait_until_removed() -> None:
    with engine.client() as api:
        events = api.events(decode=True, filters={"event": "destroy"})
        filters = {"label": f"io.peapod.node={NODE}"}
        while api.containers(all=True, filters=filters):
            next(events)
        events.close()


def _directly() -> float:
    with engine.client() as api:
        started = time.perf_counter()
        network = start_directly(api, pause.IMAGE, _network_config(api), ports=[port for _, _, port, _ in CONTAINERS])
        joined = f"container:{network}"
        config = api.create_host_config(network_mode=joined, ipc_mode=joined)
        users = [start_directly(api, image, config) for _, image, *_ in CONTAINERS]
        seconds = time.perf_counter() - started
        for container in (*users, network):
            api.remove_container(container, force=True)
    return seconds


def _network_config(api: docker.APIClient) -> HostConfig:
    bindings = {port: host_port for _, _, port, host_port in CONTAINERS}
    return api.create_host_config(ipc_mode="shareable", port_bindings=bindings)


def start_directly(
    api: docker.APIClient,
    image: str,
    config: HostConfig,
    *,
    ports: Sequence[int] = (),
    command: Sequence[str] = (),
) -> str:
    """Create and start a container without Peapod, and return its id."""
    labels = {"io.peapod.node": f"{NODE}-direct"}
    made = api.create_container(image, list(command) or None, host_config=config, ports=list(ports), labels=labels)
    container: str = made["Id"]
    api.start(container)
    return container
