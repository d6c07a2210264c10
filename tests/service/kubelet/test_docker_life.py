"""Restarts on the real engine, across a restart of the kubelet."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.v1 import pod_pb2
from tests.support import images
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import container, create, delete, running_kubelet, told
from tests.support.pods import make_pod
from tests.support.ports import free_port
from tests.support.runtimes import until

pytestmark = pytest.mark.docker


@pytest.fixture
async def docker(node_name: str) -> AsyncGenerator[DockerRuntime]:
    """The node's containers on the engine, seen beside the kubelet; none is left."""
    runtime = DockerRuntime(node_name)
    await runtime.open()
    yield runtime
    for one in reversed(await runtime.list()):
        await runtime.remove(one.id)
    await runtime.close()


def busybox(script: str) -> pod_pb2.Pod:
    pod = make_pod(image=images.ensure("peapod-test/busybox:1"))
    pod.spec.termination_grace_period_seconds = 1
    pod.spec.containers[0].command.extend(["/bin/sh", "-c", script])
    return pod


async def test_a_crash_loop_waits_no_shorter_when_the_kubelet_is_restarted_meanwhile(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str
) -> None:
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, busybox("exit 5"), node_name)
        await seen.until(lambda: container(seen).state.waiting.reason == "CrashLoopBackOff")
    ended, attempt = container(seen).last_state.terminated, container(seen).restart_count
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await seen.until(lambda: container(seen).restart_count > attempt)
        after = next(one for one in await docker.list() if one.name.attempt == attempt + 1)
        started = after.started_at or after.created_at
        assert started.timestamp() - ended.finished_at.ToNanoseconds() / 1e9 >= 9
        await seen.until(lambda: container(seen).last_state.terminated.exit_code == 5)


async def test_a_restarted_kubelet_keeps_a_pod_ready_and_reads_what_was_left_meanwhile(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str
) -> None:
    pod = busybox("touch /tmp/up; while [ -e /tmp/up ]; do sleep 0.1; done; echo bye > /dev/termination-log")
    probe = pod.spec.containers[0].readiness_probe
    probe.handler.exec.command.extend(["test", "-e", "/tmp/up"])
    probe.timeout_seconds = 10
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, pod, node_name)
        await seen.until(lambda: container(seen).ready)
    unready: list[bool] = []
    seen.informers[0].on_change(lambda *_: unready.append(not container(seen).ready))
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, named(busybox("sleep 1000"), "later"), node_name)
        await seen.until(lambda: told(seen, "later").phase == pod_pb2.POD_PHASE_RUNNING)
        assert not any(unready)
    one = next(one for one in await docker.list() if one.name.pod == "web" and one.name.container == "main")
    execution = await docker.exec(one.id, ["rm", "/tmp/up"])
    async for _ in execution.output():
        pass
    assert await execution.wait() == 0
    await execution.close()
    await until(docker, lambda listed: next((one for one in listed if one.name.pod == "web" and one.finished_at), None))
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await seen.until(lambda: container(seen).restart_count == 1)
        assert container(seen).last_state.terminated.message == "bye"
        for name in ("web", "later"):
            await delete(api, name)
        await until(docker, lambda listed: None if listed else True)


async def test_on_the_nodes_network_a_probe_asks_the_node(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str
) -> None:
    port = free_port()
    pod = busybox(f"exec httpd -f -p 127.0.0.1:{port} -h /etc")
    pod.spec.host_network = True
    probe = pod.spec.containers[0].readiness_probe
    probe.handler.http_get.path, probe.handler.http_get.port.text = "/passwd", "web"
    probe.period_seconds, probe.timeout_seconds = 1, 10
    pod.spec.containers[0].ports.add(name="web", container_port=port)
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, pod, node_name)
        await seen.until(lambda: container(seen).ready)
        await delete(api, "web")
        await until(docker, lambda listed: None if listed else True)


def named(pod: pod_pb2.Pod, name: str) -> pod_pb2.Pod:
    pod.metadata.name = name
    return pod
