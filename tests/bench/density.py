"""A hundred pods of two containers on one node: what the kubelet costs at rest, and whether starts get slower."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from peapod.kubelet.runtime import pause
from peapod.v1 import meta_pb2, pod_pb2
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod_cli.simulation.memory import resident_bytes
from tests.bench.processes import apiserver, channel_to, cpu_seconds
from tests.bench.report import Line
from tests.bench.starts import node_ready, start_directly, until_running
from tests.support import engine, images
from tests.support.service_process import ServiceProcess, running

PODS = 100
FEW = 10
"""How many pods at the beginning are held against as many at the end."""
REST_SECONDS = 30.0
NODE = f"{engine.SESSION}-dense"
IMAGE = "peapod-test/busybox:1"
SLEEP = ("/bin/sleep", "100000")


async def measure(folder: Path) -> AsyncIterator[Line]:
    """Start the pods one by one, each of the first and the last few beside the same containers started directly."""
    await asyncio.to_thread(images.ensure, IMAGE)
    async with apiserver(folder) as server, channel_to(server) as channel:
        flags = ["--apiserver", server.address, "--log-level", "warning"]
        kubelet_flags = [*flags, "--runtime", "docker", "--node-name", NODE, "--root-dir", str(folder / "kubelet")]
        async with (
            running("peapod.scheduler", flags, folder / "scheduler.log"),
            running("peapod.kubelet", kubelet_flags, folder / "kubelet.log") as kubelet,
        ):
            await node_ready(NodeServiceClient(channel))
            try:
                async for line in _measure(PodServiceClient(channel), kubelet):
                    yield line
            finally:
                await kubelet.stop()
                await asyncio.to_thread(_remove_all)


async def _measure(client: PodServiceClient, kubelet: ServiceProcess) -> AsyncIterator[Line]:
    ours, direct, cost = [], {}, []
    for number in range(PODS):
        used = cpu_seconds(kubelet.pid)
        ours.append(await _start_pod(client, f"pod-{number}"))
        cost.append(cpu_seconds(kubelet.pid) - used)
        if number < FEW or number >= PODS - FEW:
            direct[number] = await asyncio.to_thread(_start_directly)
    last = range(PODS - FEW, PODS)
    slower = statistics.median(ours[-FEW:]) / statistics.median(ours[:FEW])
    engines = statistics.median(direct[n] for n in last) / statistics.median(direct[n] for n in range(FEW))
    yield Line("create-to-Running of pods 91-100, of pods 1-10", slower)
    yield Line("the same containers started directly, likewise", engines)
    yield Line("what of this is Peapod's", slower / engines, at_most=1.5)
    yield Line("the kubelet's CPU per start, of pods 1-10", sum(cost[:FEW]) / FEW * 1000, "ms")
    yield Line("the kubelet's CPU per start, of pods 91-100", sum(cost[-FEW:]) / FEW * 1000, "ms")
    used = cpu_seconds(kubelet.pid)
    await asyncio.sleep(REST_SECONDS)
    at_rest = (cpu_seconds(kubelet.pid) - used) / REST_SECONDS
    yield Line("one core used by a kubelet whose 100 pods are at rest", at_rest * 100, "%", at_most=5)
    yield Line("resident memory of that kubelet", resident_bytes(kubelet.pid) / 2**20, "MiB")


async def _start_pod(client: PodServiceClient, name: str) -> float:
    pod = pod_pb2.Pod(metadata=meta_pb2.ObjectMeta(name=name))
    for container in ("one", "two"):
        pod.spec.containers.add(name=container, image=IMAGE, command=SLEEP)
    started = time.perf_counter()
    created = (await client.create_pod(pods.CreatePodRequest(pod=pod))).pod
    await until_running(client, created)
    return time.perf_counter() - started


def _start_directly() -> float:
    """Do with the engine what a pod takes, and undo it."""
    with engine.client() as api:
        started = time.perf_counter()
        network = start_directly(api, pause.IMAGE, api.create_host_config(ipc_mode="shareable"))
        joined = f"container:{network}"
        config = api.create_host_config(network_mode=joined, ipc_mode=joined)
        users = [start_directly(api, IMAGE, config, command=SLEEP) for _ in range(2)]
        seconds = time.perf_counter() - started
        for container in (*users, network):
            api.remove_container(container, force=True)
    return seconds


def _remove_all() -> None:
    with engine.client() as api:
        found = api.containers(all=True, filters={"label": f"io.peapod.node={NODE}"})
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(_remove, [one["Id"] for one in found]))


def _remove(id: str) -> None:
    with engine.client() as api:
        api.remove_container(id, force=True)
