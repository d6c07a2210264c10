"""The services' own images, with etcd and two kubelets, all in containers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e import main_job
from tests.support.cluster import Cluster, running

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


def test_what_is_wrong_is_named_and_nothing_is_stored(cluster: Cluster) -> None:
    document = _sleeper("wrong") | {"labels": {"name": "not a label!"}}
    document["desiredState"]["manifest"]["containers"] *= 2
    errors = cluster.peapod("create", "-f", "-", given=json.dumps(document), fails=True)
    assert len(errors.splitlines()) == 2
    assert "labels" in errors
    assert "desiredState.manifest.containers[1].name" in errors
    assert "wrong" not in cluster.peapod("get", "pods")


def _sleeper(name: str) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": "peapod-test/busybox:1",
        "command": ["sleep", "600"],
        "imagePullPolicy": "PullNever",
    }
    manifest = {"version": "v1beta1", "id": name, "containers": [container]}
    labels = {"name": "sleeper"}
    return {
        "id": name,
        "kind": "Pod",
        "apiVersion": "v1beta1",
        "desiredState": {"manifest": manifest},
        "labels": labels,
    }
