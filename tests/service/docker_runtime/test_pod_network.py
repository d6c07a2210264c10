"""A pod is one logical host: one address, one set of published ports, one localhost."""

from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing
from pathlib import Path
from typing import Any

import docker
import pytest

from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.kubelet.runtime.runtime import LaunchError, Phase
from peapod.v1 import log_pb2, pod_pb2
from tests.support import images
from tests.support.ports import free_port
from tests.support.runtimes import PATIENCE, TestPod, find, output_of, until_exited

pytestmark = pytest.mark.docker

FOLLOW = log_pb2.LogOptions(follow=True)


def with_port(container_port: int, host_port: int, **kwargs: Any) -> pod_pb2.PodSpec:
    port = pod_pb2.ContainerPort(container_port=container_port, host_port=host_port, **kwargs)
    return pod_pb2.PodSpec(containers=[pod_pb2.Container(name="main", ports=[port])])


async def greeting(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await asyncio.wait_for(reader.readline(), PATIENCE)
    finally:
        writer.close()


async def until_said(runtime: DockerRuntime, id: str, words: bytes) -> None:
    """Follow a container's log up to these words."""
    async with asyncio.timeout(PATIENCE), aclosing(runtime.logs(id, FOLLOW)) as log:
        said = b""
        while words not in said:
            said += await anext(log)


async def test_only_the_network_container_publishes_ports(
    runtime: DockerRuntime, pod: TestPod, engine: docker.APIClient
) -> None:
    pod.spec = with_port(80, free_port(), host_ip="127.0.0.1")
    user = await pod.start("sleep 1000")
    port = str(pod.spec.containers[0].ports[0].host_port)
    bindings = engine.inspect_container(pod.network)["NetworkSettings"]["Ports"]
    assert bindings == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]}
    assert engine.inspect_container(user)["NetworkSettings"]["Ports"] == {}


async def test_a_published_port_leads_to_the_user_container(runtime: DockerRuntime, pod: TestPod) -> None:
    pod.spec = with_port(22, free_port(), host_ip="127.0.0.1")
    id = await pod.start(image=images.ensure("peapod-test/sshd:1"))
    await until_said(runtime, id, b"Server listening on 0.0.0.0 port 22")
    assert (await greeting(pod.spec.containers[0].ports[0].host_port)).startswith(b"SSH-2.0-")


async def test_a_taken_host_port_is_refused_and_leaves_nothing(runtime: DockerRuntime, pod: TestPod) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        pod.spec = with_port(80, taken.getsockname()[1], host_ip="127.0.0.1")
        with pytest.raises(LaunchError, match=str(taken.getsockname()[1])):
            await pod.start_network()
        assert await runtime.list() == []
    await pod.start_network()
    assert [one.phase for one in await runtime.list()] == [Phase.RUNNING]


async def test_localhost_is_shared_inside_the_pod(runtime: DockerRuntime, pod: TestPod) -> None:
    redis = await pod.start(container="redis", image=images.ensure("peapod-test/redis:1"))
    await until_said(runtime, redis, b"Ready to accept connections")
    answer = await output_of(pod, r"printf 'PING\r\nQUIT\r\n' | nc localhost 6379", container="client")
    assert answer.splitlines()[0] == "+PONG"


async def test_another_pods_localhost_is_its_own(runtime: DockerRuntime, pod: TestPod) -> None:
    await pod.start("nc -l -p 7000", container="listener")
    other = TestPod(runtime, pod.image)
    client = await other.start("nc localhost 7000 < /dev/null")
    assert (await until_exited(runtime, client)).exit_code != 0


async def test_all_containers_have_the_pods_name_as_host_name(runtime: DockerRuntime, pod: TestPod) -> None:
    pod.name = "a" * 62 + "-" + "b" * 30
    assert await output_of(pod, "hostname") == "a" * 62 + "\n"


async def test_shared_memory_is_the_pods(runtime: DockerRuntime, pod: TestPod) -> None:
    await until_exited(runtime, await pod.start("echo here > /dev/shm/note", container="writer"))
    assert await output_of(pod, "cat /dev/shm/note", container="reader") == "here\n"


async def test_the_address_is_the_network_containers(runtime: DockerRuntime, pod: TestPod) -> None:
    own = await output_of(pod, "hostname -i")
    network = await find(runtime, pod.network)
    assert network is not None
    assert own.strip() == network.ip


def own_network() -> str:
    return str(Path("/proc/self/ns/net").readlink())


async def test_the_nodes_network_is_used_when_it_is_asked_for(runtime: DockerRuntime, pod: TestPod) -> None:
    pod.spec = with_port(80, 80)
    pod.spec.host_network = True
    namespace = await output_of(pod, "readlink /proc/self/ns/net")
    assert namespace.strip() == own_network()
    network = await find(runtime, pod.network)
    assert network is not None
    assert network.ip == ""
