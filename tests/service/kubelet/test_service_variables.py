"""Containers are told of the services that there are when they start: as processes, in Docker, and without either."""

from __future__ import annotations

from pathlib import Path

import pytest

from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.kubelet.runtime.runtime import Launch
from peapod.v1 import pod_pb2
from tests.support.apiserver import OwnApi, connected
from tests.support.docker_pods import inside, running, two_containers
from tests.support.following import Following
from tests.support.kubelet import TroubledRuntime, container, create, running_kubelet, told, until_containers
from tests.support.manifests import manifest, put
from tests.support.pods import make_pod
from tests.support.ports import free_port
from tests.support.sandbox_pods import make_runtime, on_host
from tests.support.service_objects import make_service, store_service

RUNNING, SUCCEEDED = pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_SUCCEEDED


class Listening(TroubledRuntime):
    """A runtime without containers that keeps what they would have been told."""

    def __init__(self) -> None:
        super().__init__()
        self.environments: dict[str, dict[str, str]] = {}

    async def start(self, launch: Launch) -> str:
        assert launch.container is not None
        name = f"{launch.name.pod}/{launch.name.attempt}"
        self.environments[name] = {one.name: one.value for one in launch.container.env}
        return await super().start(launch)


async def test_a_container_is_told_of_the_services_that_there_are_when_it_starts(
    api: OwnApi, seen: Following, root: Path
) -> None:
    await store_service(api, make_service("redis-master", "10.0.0.11", port=6379))
    await store_service(api, make_service("other", "10.0.0.12", namespace="team"))
    runtime = Listening()
    async with running_kubelet(api, runtime, root):
        await create(api, make_pod())
        await seen.until(lambda: told(seen).phase == RUNNING)
        first = runtime.environments["web/0"]
        assert first["REDIS_MASTER_SERVICE_HOST"] == "10.0.0.11"
        assert not [name for name in first if name.startswith("OTHER_")]
        await store_service(api, make_service("late", "10.0.0.13"))
        await create(api, make_pod(name="second", uid="uid-2"))
        await seen.until(lambda: told(seen, "second").phase == RUNNING)
        assert container(seen).restart_count == 0, "a new service starts no container anew"
        runtime.end(container(seen).container_id.removeprefix("hollow://"), 1)
        await seen.until(lambda: container(seen).restart_count == 1)
    assert runtime.environments["web/1"]["LATE_SERVICE_HOST"] == "10.0.0.13"
    assert "LATE_SERVICE_HOST" not in runtime.environments["web/0"]


async def test_a_static_pod_starts_without_them_while_the_apiserver_is_away(root: Path, tmp_path: Path) -> None:
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    put(manifests, "web.json", manifest())
    runtime = Listening()
    async with (
        connected(f"127.0.0.1:{free_port()}") as nobody,
        running_kubelet(nobody, runtime, root, manifest_dir=str(manifests)),
    ):
        await until_containers(runtime, 1)
    assert runtime.environments == {"web-n1/0": {}}


@pytest.mark.usefixtures("sandboxes")
async def test_in_a_sandbox(api: OwnApi, seen: Following, root: Path, node_name: str) -> None:
    await store_service(api, make_service("redis-master", "10.0.0.11", port=6379))
    pod = on_host("echo $REDIS_MASTER_PORT_6379_TCP $REDIS_MASTER_SERVICE_PORT > /dev/termination-log")
    pod.spec.restart_policy = pod_pb2.RESTART_POLICY_NEVER
    pod.spec.containers[0].env.add(name="REDIS_MASTER_SERVICE_PORT", value="own")
    async with running_kubelet(api, make_runtime(root, node_name), root, node_name=node_name):
        await create(api, pod, node_name)
        await seen.until(lambda: told(seen).phase == SUCCEEDED)
    assert container(seen).state.terminated.message == "tcp://10.0.0.11:6379 own"


@pytest.mark.docker
async def test_in_docker_also_for_what_is_run_in_the_container_later(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str
) -> None:
    await store_service(api, make_service("redis-master", "10.0.0.11", port=6379))
    pod = two_containers()
    pod.spec.containers[0].env.add(name="REDIS_MASTER_SERVICE_PORT", value="own")
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, pod, node_name)
        await seen.until(lambda: told(seen).phase == RUNNING)
        there = await running(docker)
        variables = {part: (await inside(there[part], "env")).split() for part in ("server", "client")}
    assert "REDIS_MASTER_PORT_6379_TCP_ADDR=10.0.0.11" in variables["server"]
    assert [one for one in variables["server"] if "SERVICE_PORT" in one] == ["REDIS_MASTER_SERVICE_PORT=own"]
    assert "REDIS_MASTER_SERVICE_PORT=6379" in variables["client"]
