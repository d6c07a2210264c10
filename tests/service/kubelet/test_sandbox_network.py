"""The network of pods that are sandboxes: the node's own, under names of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from peapod.v1 import pod_pb2
from tests.support.apiserver import OwnApi
from tests.support.following import Following
from tests.support.kubelet import container, create, running_kubelet, told
from tests.support.sandbox_pods import make_runtime, on_host

pytestmark = pytest.mark.usefixtures("sandboxes")

NODES_NETWORK = str(Path("/proc/self/ns/net").readlink())


def saying(command: str, name: str = "web") -> pod_pb2.Pod:
    """A pod that ends with the output of a command as its last words."""
    pod = on_host(f"{command} > /dev/termination-log", name)
    pod.spec.restart_policy = pod_pb2.RESTART_POLICY_NEVER
    return pod


def said(seen: Following, name: str = "web") -> str:
    return container(seen, name).state.terminated.message


async def test_a_pod_may_ask_for_the_network_that_it_has_anyway(
    api: OwnApi, seen: Following, root: Path, node_name: str
) -> None:
    pod = saying("readlink /proc/self/ns/net")
    pod.spec.host_network = True
    pod.spec.containers[0].ports.add(container_port=8080)
    settings = {"node_name": node_name, "host_network_sources": ("api",)}
    async with running_kubelet(api, make_runtime(root, node_name), root, **settings):
        await create(api, pod, node_name)
        await seen.until(lambda: bool(said(seen)))
    assert said(seen).strip() == NODES_NETWORK


async def test_but_not_from_a_source_that_is_not_granted_it(
    api: OwnApi, seen: Following, root: Path, node_name: str
) -> None:
    pod = on_host("true")
    pod.spec.host_network = True
    settings = {"node_name": node_name, "host_network_sources": ("file",)}
    async with running_kubelet(api, make_runtime(root, node_name), root, **settings):
        await create(api, pod, node_name)
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_FAILED)
    assert "spec.host_network: the node grants it to no pod from" in told(seen).message


async def test_where_names_are_resolved_under_each_policy(
    api: OwnApi, seen: Following, root: Path, node_name: str, tmp_path: Path
) -> None:
    node = tmp_path / "resolv.conf"
    node.write_text("nameserver 192.0.2.53\nsearch node.example\n")
    clustered, plain = saying("cat /etc/resolv.conf", "clustered"), saying("cat /etc/resolv.conf", "plain")
    clustered.spec.dns_policy = pod_pb2.DNS_POLICY_CLUSTER_FIRST
    settings = {"node_name": node_name, "cluster_dns": ("192.0.2.10",), "resolv_conf": str(node)}
    async with running_kubelet(api, make_runtime(root, node_name), root, **settings):
        for pod in (clustered, plain):
            await create(api, pod, node_name)
        await seen.until(lambda: bool(said(seen, "clustered")))
        await seen.until(lambda: told(seen, "plain").phase == pod_pb2.POD_PHASE_SUCCEEDED)
    lines = said(seen, "clustered").splitlines()
    assert "search default.cluster.local cluster.local node.example" in lines
    assert "options ndots:5" in lines
    assert [line for line in lines if line.startswith("nameserver")] == [
        "nameserver 192.0.2.10",
        "nameserver 192.0.2.53",
    ]
    assert "192.0.2.10" not in said(seen, "plain")
