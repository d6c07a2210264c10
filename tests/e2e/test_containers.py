"""The services' own images, with etcd and two kubelets, all in containers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from peapod.common import health
from peapod.common.channel import open_sync_channel
from peapod.v1 import pod_service_pb2, pod_service_rpc
from tests.e2e import main_job
from tests.support import engine
from tests.support.cluster import PATIENCE, Cluster, running

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]


def test_the_main_job(cluster: Cluster) -> None:
    main_job.run(cluster)


def test_pods_spread_over_the_nodes(cluster: Cluster) -> None:
    cluster.wait_for_nodes()
    names = [f"spread-{number}" for number in range(4)]
    documents = "\n".join(json.dumps(_sleeper(name)) for name in names)
    assert cluster.peapod("create", "-f", "-", given=documents).split() == names
    pods = cluster.wait_for_pods(names, running)
    on_each = sorted(pod.spec.node_name for pod in pods.values())
    assert on_each == sorted(cluster.nodes * 2)
    for name, pod in pods.items():
        owners = {one["Config"]["Labels"]["io.peapod.node"] for one in cluster.containers(name)}
        assert owners == {pod.spec.node_name}
    assert sorted(cluster.peapod("delete", "pods", "-l", "name=sleeper").split()) == [f"pods/{name}" for name in names]
    for name in names:
        cluster.wait_until_gone(name)


@pytest.mark.parametrize("service", ["etcd", "apiserver", "scheduler", "controllers", "kubelet"])
def test_no_killed_service_disturbs_what_runs_or_what_comes(cluster: Cluster, service: str) -> None:
    cluster.wait_for_nodes()
    node = cluster.nodes[0] if service == "kubelet" else ""
    old, new = f"before-{service}", f"after-{service}"
    cluster.peapod("create", "-f", "-", given=json.dumps(_sleeper(old, node)))
    cluster.wait_for_pods([old], running)
    before = _lives(cluster, old)
    engine.kill_and_start(node or service)
    assert health.problem(cluster.address, wait_seconds=PATIENCE) == ""
    cluster.peapod("create", "-f", "-", given=json.dumps(_sleeper(new, node)))
    cluster.wait_for_pods([old, new], running)
    assert _lives(cluster, old) == before
    cluster.peapod("delete", "pods", old, new)
    cluster.wait_until_gone(old)
    cluster.wait_until_gone(new)


def test_containers_share_a_volume(cluster: Cluster) -> None:
    cluster.wait_for_nodes()
    document = _sleeper("sharing")
    manifest = document["desiredState"]["manifest"]
    container = manifest["containers"][0] | {"volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}]}
    manifest["volumes"] = [{"name": "scratch", "source": {"emptyDir": {}}}]
    manifest["containers"] = [container | {"name": name} for name in ("writer", "reader")]
    cluster.peapod("create", "-f", "-", given=json.dumps(document))
    cluster.wait_for_pods(["sharing"], running)
    cluster.run_in("sharing", "writer", "sh", "-c", "echo hello > /scratch/word")
    assert cluster.run_in("sharing", "reader", "cat", "/scratch/word") == "hello\n"
    cluster.peapod("delete", "pod", "sharing")
    cluster.wait_until_gone("sharing")


def test_a_kubelet_in_a_container_reaches_into_its_pods(cluster: Cluster) -> None:
    cluster.wait_for_nodes()
    document = _sleeper("reached")
    serve = "mkdir /tmp/www; echo hello > /tmp/www/word; busybox httpd -p 127.0.0.1:7321 -h /tmp/www; echo ready"
    document["desiredState"]["manifest"]["containers"][0]["command"][2] = f"{serve}; sleep 600"
    cluster.peapod("create", "-f", "-", given=json.dumps(document))
    cluster.wait_for_pods(["reached"], running)
    cluster.wait_for_log("reached", "main", "ready")
    assert cluster.peapod("exec", "reached", "--", "cat", "/tmp/www/word") == "hello\n"
    assert _forwarded(cluster, "reached", 7321, b"GET /word HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nhello\n")
    cluster.peapod("delete", "pod", "reached")
    cluster.wait_until_gone("reached")


def _forwarded(cluster: Cluster, pod: str, port: int, question: bytes) -> bytes:
    """Send a question to a port of a pod, at its own loopback address, and return the whole answer."""
    target = pod_service_pb2.PortForwardTarget(namespace="default", name=pod, port=port)
    requests = [
        pod_service_pb2.PortForwardPodRequest(target=target),
        pod_service_pb2.PortForwardPodRequest(data=question),
    ]
    with open_sync_channel(cluster.address) as channel:
        client = pod_service_rpc.PodServiceSyncClient(channel)
        return b"".join(response.data for response in client.port_forward_pod(requests, timeout=PATIENCE))


def test_the_image_has_what_a_proxy_needs(services_image: str) -> None:
    """In a network of its own, without any other, whose rules it looks for."""
    program = "peapod kube-proxy --cleanup && conntrack --version"
    with engine.client() as api:
        apart = api.create_host_config(network_mode="none", cap_add=["NET_ADMIN"])
        made = api.create_container(
            services_image,
            ["-c", program],
            entrypoint="sh",
            user="root",
            labels=engine.labels("proxy"),
            host_config=apart,
        )
        api.start(made)
        ended = api.wait(made)["StatusCode"]
        said = api.logs(made).decode()
        api.remove_container(made)
    assert ended == 0, said
    assert "removed 0 chains from iptables" in said
    assert "conntrack v" in said


def test_what_is_wrong_is_named_and_nothing_is_stored(cluster: Cluster) -> None:
    document = _sleeper("wrong") | {"labels": {"name": "not a label!"}}
    document["desiredState"]["manifest"]["containers"] *= 2
    errors = cluster.peapod("create", "-f", "-", given=json.dumps(document), fails=True)
    assert len(errors.splitlines()) == 2
    assert "labels" in errors
    assert "desiredState.manifest.containers[1].name" in errors
    assert "wrong" not in cluster.peapod("get", "pods")


def _lives(cluster: Cluster, pod: str) -> set[tuple[str, str]]:
    """Each container's id and when it was started, which a restart would change."""
    return {(one["Id"], one["State"]["StartedAt"]) for one in cluster.containers(pod)}


def _sleeper(name: str, node: str = "") -> dict[str, Any]:
    """A pod that does nothing until it is told to end, on the named node if there is one."""
    container = {
        "name": "main",
        "image": "peapod-test/busybox:1",
        "command": ["sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait"],
        "imagePullPolicy": "PullNever",
    }
    return {
        "id": name,
        "kind": "Pod",
        "apiVersion": "v1beta1",
        "desiredState": {"manifest": {"version": "v1beta1", "id": name, "containers": [container]}, "host": node},
        "labels": {"name": "sleeper"},
    }
