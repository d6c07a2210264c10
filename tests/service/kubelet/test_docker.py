"""The kubelet on the real engine: a pod is one host, and comes back as one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from peapod.kubelet.naming import NETWORK
from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.v1 import log_pb2, pod_pb2
from tests.support.apiserver import OwnApi
from tests.support.docker_pods import kill, running, two_containers
from tests.support.following import PATIENCE, Following
from tests.support.kubelet import container, create, delete, running_kubelet, told
from tests.support.runtimes import until

pytestmark = pytest.mark.docker

RUNNING = pod_pb2.POD_PHASE_RUNNING


async def test_a_pod_shares_one_network_and_leaves_nothing(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str
) -> None:
    pod = two_containers()
    # A server that hears first that nothing comes may leave without a word.
    pod.spec.containers[0].command[2] = "while :; do echo $(hostname) is up | nc -l -p 7777; done"
    pod.spec.containers[1].command[2] = "until nc 127.0.0.1 7777 | grep up; do sleep 0.1; done; sleep 1000"
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, pod, node_name)
        await seen.until(lambda: told(seen).phase == RUNNING)
        there = await running(docker)
        assert told(seen).pod_ip == there[NETWORK].ip != ""
        async with asyncio.timeout(PATIENCE):
            async for chunk in docker.logs(there["client"].id, log_pb2.LogOptions(follow=True)):
                if b"web is up" in chunk:
                    break
        await delete(api, "web")
        await until(docker, lambda listed: None if listed else True)


async def test_when_the_network_container_is_killed_the_whole_pod_is_made_anew(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str
) -> None:
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, two_containers(), node_name)
        await seen.until(lambda: told(seen).phase == RUNNING)
        await asyncio.to_thread(kill, (await running(docker))[NETWORK].id)
        await seen.until(lambda: [one.restart_count for one in told(seen).container_statuses if one.ready] == [1, 1])
        assert told(seen).pod_ip == (await running(docker))[NETWORK].ip != ""
        assert {name: one.name.attempt for name, one in (await running(docker)).items()} == {
            NETWORK: 1,
            "server": 1,
            "client": 1,
        }


async def test_a_restarted_kubelet_adopts_and_starts_only_what_died_meanwhile(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str
) -> None:
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, two_containers(), node_name)
        await seen.until(lambda: told(seen).phase == RUNNING)
    before = await running(docker)
    await asyncio.to_thread(kill, before["server"].id)
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await seen.until(lambda: container(seen).restart_count == 1 and container(seen).ready)
        assert container(seen).last_state.terminated.exit_code == 137
        after = await running(docker)
    assert {name for name in after if after[name].id == before[name].id} == {NETWORK, "client"}


async def test_a_program_that_does_not_exist_is_tried_again_after_a_pause(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str
) -> None:
    pod = two_containers()
    pod.spec.containers[0].command[0] = "/no/such/program"
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, pod, node_name)
        await seen.until(lambda: container(seen).state.waiting.reason in ("CrashLoopBackOff", "RunContainerError"))
        assert "/no/such/program" in str(told(seen))
        assert set(await running(docker)) == {NETWORK, "client"}
