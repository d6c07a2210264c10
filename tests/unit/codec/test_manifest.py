"""Bare container manifests, read as pods."""

from __future__ import annotations

from typing import Any

import pytest

from peapod.codec.v1beta1 import manifest
from peapod.v1 import pod_pb2

WEB = {
    "version": "v1beta1",
    "id": "web",
    "uuid": "1234",
    "containers": [{"name": "main", "image": "peapod-test/web:1", "volumeMounts": [{"name": "d", "path": "/data"}]}],
    "volumes": [{"name": "d", "source": {"hostDir": {"path": "/srv"}}}],
    "restartPolicy": {"onFailure": {}},
    "hostNetwork": True,
}


def test_a_manifest_is_a_pod_by_its_id_and_uuid() -> None:
    read = manifest.decode(WEB)
    pod = pod_pb2.Pod()
    pod.metadata.name, pod.metadata.uid = "web", "1234"
    pod.spec.containers.add(name="main", image="peapod-test/web:1").volume_mounts.add(name="d", mount_path="/data")
    pod.spec.volumes.add(name="d").host_path.path = "/srv"
    pod.spec.restart_policy = pod_pb2.RESTART_POLICY_ON_FAILURE
    pod.spec.host_network = True
    assert (read.message, [*read.problems], [*read.unknown]) == (pod, [], [])


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2", "V1Beta2"])
def test_both_versions_are_read_in_any_case(version: str) -> None:
    assert [*manifest.decode({**WEB, "version": version}).problems] == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"version": "v1beta3"}, "version"),
        ({"version": None}, "version"),
        ({"containers": [{"name": 3}]}, "containers[0].name"),
        ({"restartPolicy": "Sometimes"}, "restartPolicy"),
    ],
)
def test_what_cannot_be_read_is_named(changed: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in manifest.decode({**WEB, **changed}).problems] == [field]


def test_a_key_that_manifests_do_not_have_is_told() -> None:
    assert [*manifest.decode({**WEB, "labels": {}}, "[2]").unknown] == ["[2].labels"]


def test_what_is_no_object_is_no_manifest() -> None:
    read = manifest.decode("web")
    assert (read.message, [problem.description for problem in read.problems]) == (None, ["must be an object, not text"])


def test_fields_are_said_in_the_manifests_words() -> None:
    assert manifest.to_manifest_path("spec.containers[1].ports[0].host_port") == "containers[1].ports[0].hostPort"
    assert manifest.to_manifest_path("metadata.name") == "id"
    assert manifest.to_manifest_path("spec.volumes[0].host_path.path") == "volumes[0].source.hostDir.path"


def test_lists_of_manifests_and_of_pods_are_taken_apart() -> None:
    pod = {"kind": "Pod", "apiVersion": "v1beta1", "id": "p"}
    pods = {"kind": "PodList", "apiVersion": "v1beta1", "items": [{"id": "p"}]}
    assert [part.path for part in manifest.parts([WEB, pod, pods])] == ["[0]", "[1]", "[2].items[0]"]
    assert [part.path for part in manifest.parts({"kind": manifest.LIST, "items": [WEB, WEB]})] == [
        "items[0]",
        "items[1]",
    ]
    assert [part.document for part in manifest.parts(WEB)] == [WEB]
    assert [manifest.is_manifest(one) for one in (WEB, pod, pods, [WEB], None)] == [True, False, False, False, False]
