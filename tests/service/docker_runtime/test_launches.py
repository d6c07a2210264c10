"""What the engine is told about a container, and what it makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from peapod.kubelet.naming import NODE_LABEL
from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.kubelet.runtime.docker.spec import create_body
from peapod.kubelet.runtime.runtime import Launch, LaunchError, Mount, Phase
from peapod.v1 import pod_pb2
from tests.support.runtimes import TestPod, output_of, until_exited

pytestmark = pytest.mark.docker


async def start_with(pod: TestPod, change: Callable[[pod_pb2.Container], object], script: str, attempt: int = 0) -> str:
    """Start a container whose spec is changed first."""
    await pod.start_network()
    launch = pod.launch(script, attempt=attempt)
    assert launch.container is not None
    change(launch.container)
    return await pod.runtime.start(launch)


async def test_names_are_the_chapters(pod: TestPod, engine: docker.APIClient) -> None:
    launch = pod.launch("sleep 1000", attempt=2)
    id = await pod.start("sleep 1000", attempt=2)
    name = f"k8s_main.{launch.name.spec_hash}_web.default.api_{pod.uid}_2"
    assert engine.inspect_container(id)["Name"] == f"/{name}"
    assert engine.inspect_container(pod.network)["Name"] == f"/k8s_net.0_web.default.api_{pod.uid}_0"


async def test_the_engine_restarts_nothing_by_itself(pod: TestPod, engine: docker.APIClient) -> None:
    id = await pod.start("exit 1")
    for one in (id, pod.network):
        assert engine.inspect_container(one)["HostConfig"]["RestartPolicy"]["Name"] == "no"


async def test_limits_reach_the_engine(pod: TestPod, engine: docker.APIClient) -> None:
    def limit(container: pod_pb2.Container) -> None:
        container.resources.limits["cpu"] = "250m"
        container.resources.limits["memory"] = "64Mi"

    host = engine.inspect_container(await start_with(pod, limit, "sleep 1000"))["HostConfig"]
    assert (host["CpuShares"], host["Memory"]) == (256, 64 * 1024 * 1024)


async def test_too_much_memory_is_the_end(runtime: DockerRuntime, pod: TestPod) -> None:
    def limit(container: pod_pb2.Container) -> None:
        container.resources.limits["memory"] = "16Mi"

    # The engine hears of the end and of its cause separately, and on a busy machine now and then misses the cause.
    for number in range(5):
        id = await start_with(pod, limit, "exec tail /dev/zero", attempt=number)
        seen = await until_exited(runtime, id)
        assert seen.exit_code == 137
        if seen.reason:
            break
    assert seen.reason == "OOMKilled"
    assert seen.message


async def test_capabilities_are_added_and_dropped(runtime: DockerRuntime, pod: TestPod) -> None:
    def drop(container: pod_pb2.Container) -> None:
        container.security_context.capabilities.drop.append("CHOWN")

    id = await start_with(pod, drop, "touch /f && chown 1:1 /f")
    assert (await until_exited(runtime, id)).exit_code != 0
    assert await output_of(pod, "touch /f && chown 1:1 /f && echo done", container="other") == "done\n"


async def test_a_mounts_path_may_have_a_colon(pod: TestPod, tmp_path: Path) -> None:
    folder = tmp_path / "a:b"
    folder.mkdir()
    (folder / "file").write_text("text")
    assert await output_of(pod, "cat /data/file", mounts=[Mount(str(folder), "/data")]) == "text"


async def test_a_name_that_another_node_has_is_refused(runtime: DockerRuntime, pod: TestPod, node_name: str) -> None:
    other = DockerRuntime(f"{node_name}-other")
    await other.open()
    id = await other.start(Launch(pod.launch("true").name, pod.message, None, ""))
    await pod.start_network()
    with pytest.raises(LaunchError, match=f"{node_name}-other"):
        await pod.start("true")
    await other.remove(id)
    await other.close()


async def test_what_no_kubelet_made_is_not_listed(
    runtime: DockerRuntime, pod: TestPod, engine: docker.APIClient, node_name: str
) -> None:
    engine.create_container(pod.image, "true", labels={NODE_LABEL: node_name})
    assert await runtime.list() == []


async def test_a_container_left_created_is_started(
    runtime: DockerRuntime, pod: TestPod, engine: docker.APIClient, node_name: str
) -> None:
    """As a kubelet leaves it that dies between two calls."""
    await pod.start_network()
    launch = pod.launch("sleep 1000")
    id = engine.create_container_from_config(create_body(launch, node_name, ""), str(launch.name))["Id"]
    assert [one.phase for one in await runtime.list()] == [Phase.RUNNING, Phase.CREATED]
    assert await pod.start("sleep 1000") == id
    assert [one.phase for one in await runtime.list()] == [Phase.RUNNING, Phase.RUNNING]


async def test_a_removed_network_image_is_made_again(pod: TestPod, engine: docker.APIClient) -> None:
    """As after `docker image prune --all`. Containers that use the image keep what they need of it."""
    engine.remove_image("peapod/pause:1", force=True)
    assert await pod.start_network()
