"""Pods ask for services by their names, with the C library's own resolver."""

from __future__ import annotations

from pathlib import Path

from peapod.v1 import pod_pb2
from tests.support.apiserver import OwnApi
from tests.support.dns import Double, heard, port_53, running_dns
from tests.support.following import Following
from tests.support.kubelet import container, create, running_kubelet, told
from tests.support.sandbox_pods import cleared, make_runtime, on_host
from tests.support.service_objects import make_service, store_service


async def test_a_pod_finds_a_service_by_its_name_alone_and_with_its_namespace(
    api: OwnApi, seen: Following, upstream: Double, node_name: str, tmp_path: Path
) -> None:
    place = port_53()
    await store_service(api, make_service("redis-master", "10.0.0.11", port=6379))
    await store_service(api, make_service("redis-master", "10.0.0.12", namespace="team"))
    names = ["redis-master", "redis-master.default", "redis-master.team", "redis-master.team.pea.pod", "www.elsewhere"]
    pod = on_host(f"for name in {' '.join(names)}; do getent ahostsv4 $name | head -n 1; done > /dev/termination-log")
    pod.spec.restart_policy = pod_pb2.RESTART_POLICY_NEVER
    pod.spec.dns_policy = pod_pb2.DNS_POLICY_CLUSTER_FIRST
    settings = {"cluster_dns": (place.host,), "cluster_domain": "pea.pod", "resolv_conf": "/dev/null"}
    async with (
        cleared(tmp_path, node_name),
        running_dns(api.address, upstream, address=str(place), cluster_domain="pea.pod") as server,
        running_kubelet(api, make_runtime(tmp_path, node_name), tmp_path, node_name=node_name, **settings),
    ):
        await heard(server)
        await create(api, pod, node_name)
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_SUCCEEDED)
        found = [line.split()[0] for line in container(seen).state.terminated.message.splitlines()]
    assert found == ["10.0.0.11", "10.0.0.11", "10.0.0.12", "10.0.0.12", "192.0.2.80"]
    assert set(upstream.asked) == {"www.elsewhere", "udp"}
