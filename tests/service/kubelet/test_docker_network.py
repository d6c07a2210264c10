"""A pod's place in the network of a real engine: its names, its ports, its hosts, and where it resolves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from peapod.kubelet.naming import NETWORK
from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.v1 import pod_pb2
from tests.support.apiserver import OwnApi
from tests.support.docker_pods import FOREVER, cleared, inside, running, two_containers
from tests.support.following import Following
from tests.support.kubelet import create, delete, running_kubelet, told
from tests.support.ports import free_port

pytestmark = pytest.mark.docker

RUNNING, FAILED = pod_pb2.POD_PHASE_RUNNING, pod_pb2.POD_PHASE_FAILED
NODES_NETWORK = str(Path("/proc/self/ns/net").readlink())
TCP, UDP = pod_pb2.PROTOCOL_TCP, pod_pb2.PROTOCOL_UDP


def publishing(name: str, port: int, *, protocol: pod_pb2.Protocol = TCP, host_ip: str = "127.0.0.1") -> pod_pb2.Pod:
    """A pod that answers on a port of the node with its name."""
    pod = two_containers(name)
    del pod.spec.containers[1]
    server = pod.spec.containers[0]
    server.ports.add(container_port=7777, host_port=port, protocol=protocol, host_ip=host_ip)
    server.command[2] = f"nc -ll -p 7777 -e echo {name} & {FOREVER}"
    return pod


async def answer(docker: DockerRuntime, pod: str, host: str, port: int) -> str:
    """Ask at a port of the node, once the pod's server listens behind it."""
    (server,) = [one for one in await docker.list() if (one.name.pod, one.name.container) == (pod, "server")]
    await inside(server, "sh", "-c", "until grep -q :1E61 /proc/net/tcp*; do sleep 0.1; done")
    reader, writer = await asyncio.open_connection(host, port)
    text = await reader.read()
    writer.close()
    await writer.wait_closed()
    return text.decode().strip()


def resolving(name: str, policy: pod_pb2.DnsPolicy) -> pod_pb2.Pod:
    pod = two_containers(name)
    pod.spec.dns_policy = policy
    return pod


async def test_one_host_name_and_one_hosts_file(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str
) -> None:
    name = "a-name-that-is-too-long-for-a-host." + "x" * 40
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, two_containers(name), node_name)
        await seen.until(lambda: told(seen, name).phase == RUNNING)
        there = await running(docker)
        hosts = [await inside(there[part], "cat", "/etc/hosts") for part in ("server", "client")]
        names = {await inside(there[part], "hostname") for part in ("server", "client")}
        await inside(there["server"], "sh", "-c", "echo 192.0.2.9 added >> /etc/hosts")
        assert "192.0.2.9 added" in await inside(there["client"], "cat", "/etc/hosts")
    assert names == {f"{name[:63]}\n"}
    assert hosts[0] == hosts[1]
    assert f"{told(seen, name).pod_ip}\t{name[:63]}" in hosts[0]


async def test_where_names_are_resolved_under_each_policy(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str, tmp_path: Path
) -> None:
    node = tmp_path / "resolv.conf"
    node.write_text("nameserver 192.0.2.53\nnameserver 127.0.0.53\nsearch node.example\n")
    settings = {"cluster_dns": ("192.0.2.10",), "cluster_domain": "pea.pod", "resolv_conf": str(node)}
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name, **settings):
        await create(api, resolving("first", pod_pb2.DNS_POLICY_CLUSTER_FIRST), node_name)
        await seen.until(lambda: told(seen, "first").phase == RUNNING)
        there = await running(docker)
        for part in ("server", "client"):
            lines = (await inside(there[part], "cat", "/etc/resolv.conf")).splitlines()
            assert {"nameserver 192.0.2.10", "nameserver 192.0.2.53"} <= set(lines)
            assert "search default.pea.pod pea.pod node.example" in lines
            assert "options ndots:5" in lines
            assert "nameserver 127.0.0.53" not in lines
        await delete(api, "first")
        await create(api, resolving("second", pod_pb2.DNS_POLICY_DEFAULT), node_name)
        await seen.until(lambda: told(seen, "second").phase == RUNNING)
        (server,) = [
            one for part, one in (await running(docker)).items() if part == "server" and one.name.pod == "second"
        ]
        text = await inside(server, "cat", "/etc/resolv.conf")
        assert "192.0.2.10" not in text
        assert "pea.pod" not in text


async def test_of_two_pods_that_want_one_host_port_of_a_node_the_second_is_refused_by_name(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str
) -> None:
    port = free_port()
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, publishing("one", port), node_name)
        await seen.until(lambda: told(seen, "one").phase == RUNNING)
        await create(api, publishing("two", port, host_ip=""), node_name)
        await seen.until(lambda: told(seen, "two").phase == FAILED)
        assert (told(seen, "two").reason, told(seen, "two").message) == (
            "HostPortConflict",
            f"host port {port} is in use by pod default/one",
        )
        await seen.until(lambda: bool(seen.told("hostPortConflict", "two")))
        await create(api, publishing("three", port, protocol=UDP), node_name)
        await create(api, publishing("four", port, host_ip="127.0.0.2"), node_name)
        await seen.until(lambda: told(seen, "three").phase == told(seen, "four").phase == RUNNING)
        assert await answer(docker, "one", "127.0.0.1", port) == "one"
        assert await answer(docker, "four", "127.0.0.2", port) == "four"


async def test_one_host_port_is_to_be_had_on_each_of_two_nodes(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str, tmp_path: Path
) -> None:
    port, other = free_port(), f"{node_name}-b"
    beside = tmp_path / "beside"
    beside.mkdir()
    async with (
        cleared(other) as elsewhere,
        running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name),
        running_kubelet(api, DockerRuntime(other), beside, node_name=other),
    ):
        await create(api, publishing("one", port), node_name)
        await create(api, publishing("two", port, host_ip="127.0.0.2"), other)
        await seen.until(lambda: told(seen, "one").phase == told(seen, "two").phase == RUNNING)
        assert await answer(docker, "one", "127.0.0.1", port) == "one"
        assert await answer(elsewhere, "two", "127.0.0.2", port) == "two"


async def test_a_pod_on_the_nodes_network(
    api: OwnApi, seen: Following, docker: DockerRuntime, root: Path, node_name: str
) -> None:
    port = free_port()
    pod = two_containers()
    pod.spec.host_network = True
    pod.spec.containers[0].ports.add(container_port=port)
    pod.spec.containers[0].command[2] = f"echo on the host | nc -l -s 127.0.0.1 -p {port}; {FOREVER}"
    async with running_kubelet(api, DockerRuntime(node_name), root, node_name=node_name):
        await create(api, pod, node_name)
        await seen.until(lambda: told(seen).phase == RUNNING)
        there = await running(docker)
        for part in ("server", "client"):
            network = await inside(there[part], "readlink", "/proc/self/ns/net")
            assert network.strip() == NODES_NETWORK
        assert seen.pods["web"].spec.containers[0].ports[0].host_port == port
        assert told(seen).pod_ip == "127.0.0.1"
        assert NETWORK in there
