"""What pods may take of a node with the real engine: limits hold, what they end is explained, and images make room."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from peapod.kubelet.runtime import pause
from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.kubelet.runtime.runtime import DiskUse, Observed, Phase
from peapod.v1 import log_pb2, pod_pb2, pod_service_pb2
from tests.support import images, own_engine
from tests.support.apiserver import Api, OwnApi
from tests.support.following import Following
from tests.support.kubelet import container, create, delete, running_kubelet, told
from tests.support.needs import lacking
from tests.support.pods import make_pod
from tests.support.processes import Node
from tests.support.runtimes import until

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

BUSYBOX = "peapod-test/busybox:1"
PATIENCE = 120.0
RUNNING, SUCCEEDED = pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_SUCCEEDED
READ_LIMITS = """
cd /sys/fs/cgroup
if [ -e memory.max ]; then cat memory.max cpu.weight; else cat memory/memory.limit_in_bytes cpu/cpu.shares; fi
"""


def pod_of(name: str, script: str, **limits: str) -> pod_pb2.Pod:
    pod = make_pod(name=name, image=BUSYBOX)
    pod.spec.termination_grace_period_seconds = 0
    pod.spec.containers[0].command.extend(["/bin/sh", "-c", script])
    pod.spec.containers[0].resources.limits.update(limits)
    return pod


@pytest.fixture
async def node(tmp_path: Path, node_name: str) -> AsyncGenerator[Node]:
    """A node on this machine's engine, whose containers are removed in the end."""
    images.ensure(BUSYBOX)
    node = Node(tmp_path, node_name, "docker")
    yield node
    await node.clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "kubelet"
    root.mkdir()
    return root


async def peapod(api: Api, *words: str) -> str:
    """Run the CLI and return what it prints."""
    command = [sys.executable, "-m", "peapod_cli", "--server", api.address, *words]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    return done.stdout


async def test_limits_are_in_the_containers_own_control_group(
    api: OwnApi, seen: Following, root: Path, node: Node
) -> None:
    async with running_kubelet(api, DockerRuntime(node.name), root, node_name=node.name):
        pod = pod_of("limited", READ_LIMITS, cpu="250m", memory="64Mi")
        pod.spec.restart_policy = pod_pb2.RESTART_POLICY_NEVER
        await create(api, pod, node.name)
        await seen.until(lambda: told(seen, "limited").phase == SUCCEEDED, PATIENCE)
        request = pod_service_pb2.StreamPodLogsRequest(
            namespace="default", name="limited", options=log_pb2.LogOptions()
        )
        async with api.pods.stream_pod_logs(request) as stream:
            memory, weight = b"".join([piece.data async for piece in stream]).split()
    assert int(memory) == 64 << 20
    # The second version of control groups has another scale: 2 to 262144 become 1 to 10000.
    assert int(weight) in (256, 1 + (256 - 2) * 9999 // 262142)


async def test_what_takes_too_much_memory_is_said_to_be_ended_for_that(
    api: OwnApi, seen: Following, root: Path, node: Node
) -> None:
    def ends() -> list[pod_pb2.ContainerStateTerminated]:
        status = container(seen, "greedy")
        return [status.state.terminated, status.last_state.terminated]

    async with running_kubelet(api, DockerRuntime(node.name), root, node_name=node.name):
        await create(api, pod_of("modest", "sleep 100000", memory="16Mi"), node.name)
        await create(api, pod_of("greedy", "exec tail /dev/zero", memory="16Mi"), node.name)
        # On a busy machine the engine misses the cause now and then; the container is started again and ends again.
        await seen.until(lambda: any(end.reason == "OOMKilled" for end in ends()), PATIENCE)
        assert next(end for end in ends() if end.reason == "OOMKilled").exit_code == 137
        assert '"reason": "OOMKilled"' in await peapod(api, "get", "pod", "greedy", "-o", "json")
        assert "137 (OOMKilled)" in await peapod(api, "describe", "pod", "greedy")
        await seen.until(lambda: told(seen, "modest").phase == RUNNING)
        assert container(seen, "modest").restart_count == 0


async def test_what_is_reserved_is_kept_from_pods(api: OwnApi, seen: Following, root: Path, node: Node) -> None:
    settings = {"cpu": "2", "memory": "1Gi", "reserve_cpu": "500m", "reserve_memory": "256Mi"}
    async with running_kubelet(api, DockerRuntime(node.name), root, node_name=node.name, **settings):
        await create(api, pod_of("fits", "sleep 100000", cpu="1", memory="512Mi"), node.name)
        await seen.until(lambda: told(seen, "fits").phase == RUNNING, PATIENCE)
        await create(api, pod_of("large", "sleep 100000", cpu="750m"), node.name)
        await seen.until(lambda: told(seen, "large").reason == "CapacityExceeded", PATIENCE)
        assert "too little cpu" in told(seen, "large").message
        said = [line.split() for line in (await peapod(api, "describe", "node", node.name)).splitlines()]
        assert ["cpu", "1", "1.5", "66", "%"] in said
        assert ["memory", "512Mi", "768Mi", "66", "%"] in said
        assert ["default", "fits", "Running", "1", "512Mi"] in said


async def test_dead_containers_of_finished_pods_go_and_the_newest_stay_readable(
    api: OwnApi, seen: Following, root: Path, node: Node
) -> None:
    def all_dead(listed: Sequence[Observed]) -> bool | None:
        return all(one.phase is Phase.EXITED for one in listed) or None

    def all_of_second(listed: Sequence[Observed]) -> bool | None:
        return [one.name.pod for one in listed] == ["second", "second"] or None

    settings = {"dead_containers": 2, "container_gc_seconds": 0.2, "container_gc_age_seconds": 0.5}
    watcher = DockerRuntime(node.name)
    async with running_kubelet(api, DockerRuntime(node.name), root, node_name=node.name, **settings):
        for name in ("first", "second"):
            pod = pod_of(name, f"echo this is {name}")
            pod.spec.restart_policy = pod_pb2.RESTART_POLICY_NEVER
            await create(api, pod, node.name)
            await seen.until(lambda name=name: told(seen, name).phase == SUCCEEDED, PATIENCE)  # type: ignore[misc]
            await until(watcher, all_dead)
        await until(watcher, all_of_second)
        assert "this is second" in await peapod(api, "log", "second")
        assert told(seen, "first").container_statuses[0].state.terminated.reason == "Completed"
    await watcher.close()


class FullDisk(DockerRuntime):
    """Whose disk counts as full when there are more than `most` images, if that is set."""

    def __init__(self, node: str, *, engine: str) -> None:
        super().__init__(node, engine=engine)
        self.most = 0
        self.removed: asyncio.Queue[str] = asyncio.Queue()
        self.looked = asyncio.Event()

    async def image_disk(self) -> DiskUse:
        count = len(await self.images())
        self.looked.set()
        return DiskUse(used=95 if self.most and count > self.most else 50, total=100)

    async def remove_image(self, id: str) -> None:
        await super().remove_image(id)
        self.removed.put_nowait(id)

    async def names(self) -> set[str]:
        return {name for one in await self.images() for name in one.names}


async def test_images_that_no_container_uses_go_when_the_disk_is_full(
    api: OwnApi, seen: Following, root: Path, node_name: str
) -> None:
    """On an engine of the test's own: nothing that others need is at risk."""
    if reason := own_engine.why_missing():
        lacking(reason)
    async with own_engine.own_engine() as engine:
        images.ensure(BUSYBOX, engine.address)
        with engine.client() as docker:
            for name in ("idle", "theirs"):
                docker.import_image_from_data(pause.root(docker.version()["Arch"]), f"peapod-test/{name}", "1")
            docker.create_container("peapod-test/theirs:1", [pause.PATH], name="not-of-a-kubelet")
        runtime = FullDisk(node_name, engine=engine.address)
        async with running_kubelet(api, runtime, root, node_name=node_name, image_gc_seconds=0.2):
            await create(api, pod_of("web", "sleep 100000"), node_name)
            await seen.until(lambda: told(seen).phase == RUNNING, PATIENCE)
            runtime.most = 3
            await asyncio.wait_for(runtime.removed.get(), PATIENCE)
            assert await runtime.names() == {BUSYBOX, "peapod-test/theirs:1", pause.IMAGE}
            await delete(api, "web")
            runtime.most = 2
            await asyncio.wait_for(runtime.removed.get(), PATIENCE)
            assert await runtime.names() == {"peapod-test/theirs:1", pause.IMAGE}
            runtime.most = 1
            for _ in range(6):
                runtime.looked.clear()
                await asyncio.wait_for(runtime.looked.wait(), PATIENCE)
            await seen.until(lambda: seen.told("freeDiskSpaceFailed", node_name) != [], PATIENCE)
            assert await runtime.names() == {"peapod-test/theirs:1", pause.IMAGE}
