"""The main job, as a user does it with the CLI: the chapter's pod is created, looked at, used and deleted.

Written once and run on every kind of cluster.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tests.support.cluster import Cluster, running

REDIS_PORT, SSHD_PORT = 6388, 8888
NETWORK = "net"
REDIS_IS_READY = "Ready to accept connections"


def manifest() -> dict[str, Any]:
    """The chapter's example, with images that are there under local names."""
    return {
        "id": "podtest",
        "kind": "Pod",
        "apiVersion": "v1beta1",
        "desiredState": {
            "manifest": {
                "version": "v1beta2",
                "id": "redis-sshd",
                "containers": [
                    {
                        "name": "master1",
                        "image": "peapod-test/redis:1",
                        "ports": [{"containerPort": 6379, "hostPort": REDIS_PORT}],
                        "imagePullPolicy": "PullNever",
                    },
                    {
                        "name": "master2",
                        "image": "peapod-test/sshd:1",
                        "ports": [{"containerPort": 22, "hostPort": SSHD_PORT}],
                        "imagePullPolicy": "PullNever",
                    },
                ],
            }
        },
        "labels": {"name": "redis-master"},
    }


def run(cluster: Cluster) -> None:
    """Do it all, from `create` to the last container's removal."""
    cluster.wait_for_nodes()
    assert cluster.peapod("create", "-f", "-", given=json.dumps(manifest())) == "podtest\n"
    pod = cluster.wait_for_pods(["podtest"], running)["podtest"]
    host = f"{pod.spec.node_name}/{pod.status.host_ip}"
    assert pod.spec.node_name in cluster.nodes
    cluster.wait_for_log("podtest", "master1", REDIS_IS_READY)
    cluster.wait_for_log("podtest", "master2", "Server listening on 0.0.0.0")
    check_table(cluster, host)
    check_containers(cluster)
    check_network(cluster)
    check_log(cluster)
    check_selector(cluster)
    assert cluster.peapod("delete", "pod", "podtest") == "pods/podtest\n"
    cluster.wait_until_gone("podtest")
    assert "podtest" not in cluster.peapod("get", "pods")


def check_table(cluster: Cluster, host: str) -> None:
    """Each pod has a line, and each further container one of its own."""
    lines = [re.split(r" {2,}", line.rstrip()) for line in cluster.peapod("get", "pod").splitlines()]
    assert lines == [
        ["POD", "CONTAINER(S)", "IMAGE(S)", "HOST", "LABELS", "STATUS"],
        ["podtest", "master1", "peapod-test/redis:1", host, "name=redis-master", "Running"],
        ["", "master2", "peapod-test/sshd:1"],
    ]


def check_containers(cluster: Cluster) -> None:
    """The network container alone publishes ports; the others have no network of their own."""
    published = {
        one["Config"]["Labels"]["io.peapod.container"]: _published(one) for one in cluster.containers("podtest")
    }
    assert published == {
        NETWORK: {"6379/tcp": REDIS_PORT, "22/tcp": SSHD_PORT},
        "master1": {},
        "master2": {},
    }


def check_network(cluster: Cluster) -> None:
    """The containers of a pod meet on localhost; the world reaches them through the host's port."""
    ping = "printf 'PING\\r\\nQUIT\\r\\n' | nc localhost 6379"
    assert cluster.run_in("podtest", "master2", "sh", "-c", ping).split() == ["+PONG", "+OK"]
    assert cluster.ask("127.0.0.1", SSHD_PORT).startswith(b"SSH-2.0-OpenSSH")
    assert cluster.ask("127.0.0.1", REDIS_PORT, b"PING\r\n") == b"+PONG\r\n"


def check_log(cluster: Cluster) -> None:
    """Every line of the log begins with its time."""
    lines = cluster.peapod("log", "podtest", "master1").splitlines()
    assert any(line.endswith(REDIS_IS_READY) for line in lines)
    assert [line for line in lines if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ", line)] == []


def check_selector(cluster: Cluster) -> None:
    """A label selector picks the pod, or does not."""
    assert "podtest" in cluster.peapod("get", "pods", "-l", "name=redis-master")
    assert "podtest" not in cluster.peapod("get", "pods", "-l", "name!=redis-master")


def _published(container: dict[str, Any]) -> dict[str, int]:
    bindings = container["HostConfig"]["PortBindings"] or {}
    return {port: int(hosts[0]["HostPort"]) for port, hosts in bindings.items()}
