"""`peapod up` has its pods find services: by variables, and by names."""

from __future__ import annotations

from pathlib import Path

import pytest

from peapod.v1 import pod_pb2
from tests.support.apiserver import connected
from tests.support.dns import port_53
from tests.support.following import following
from tests.support.kubelet import container, create, told
from tests.support.processes import Node, running_up
from tests.support.sandbox_pods import on_host
from tests.support.service_objects import make_service, store_service

pytestmark = pytest.mark.timeout(120)


async def test_a_pod_finds_a_service(tmp_path: Path, node_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The pod asks the cluster's server alone.
    monkeypatch.setenv("PEAPOD_KUBELET_RESOLV_CONF", "/dev/null")
    flags = ["--cluster-dns-address", str(port_53()), "--cluster-domain", "pea.pod"]
    # What it is told in variables is told at its start, while the name may come a moment later.
    pod = on_host(
        "until found=$(getent ahostsv4 redis-master.default); do sleep 0.1; done;"
        "{ echo $found; env | grep REDIS_MASTER_PORT=; } > /dev/termination-log"
    )
    pod.spec.restart_policy = pod_pb2.RESTART_POLICY_NEVER
    pod.spec.dns_policy = pod_pb2.DNS_POLICY_CLUSTER_FIRST
    async with (
        running_up(tmp_path, Node(tmp_path, node_name, "sandbox"), flags=flags) as up,
        connected(up.address) as api,
        following(api) as seen,
    ):
        await store_service(api, make_service("redis-master", "10.0.0.11", port=6379))
        await create(api, pod, node_name)
        await seen.until(lambda: told(seen).phase == pod_pb2.POD_PHASE_SUCCEEDED)
        words = container(seen).state.terminated.message.split()
    assert words[0] == "10.0.0.11"
    assert "REDIS_MASTER_PORT=tcp://10.0.0.11:6379" in words
