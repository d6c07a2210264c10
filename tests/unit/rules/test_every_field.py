"""Each rule for each field of a pod: what breaks it is named, in v1beta1's words, and nothing else is."""

from __future__ import annotations

from typing import Any, cast

import pytest

from peapod.codec import codec
from peapod.codec.versions import V1BETA1
from peapod.rules.mirror import MIRROR, mirror_violations
from peapod.rules.pod_defaults import set_defaults
from peapod.rules.pod_spec import spec_violations
from peapod.rules.privileges import privileged_violations
from peapod.v1 import pod_pb2

REQUIRED, INVALID, NOT_SUPPORTED = "REQUIRED", "INVALID", "NOT_SUPPORTED"
DUPLICATE, NOT_FOUND, FORBIDDEN, TOO_LONG = "DUPLICATE", "NOT_FOUND", "FORBIDDEN", "TOO_LONG"
MANIFEST = "desiredState.manifest"
C = f"{MANIFEST}.containers[0]"
V = f"{MANIFEST}.volumes[0]"


def pod(container: Any = None, manifest: Any = None, **top: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"name": "c", "image": "i:1"}
    given = base | (container or {})
    inside = {"containers": [given], "volumes": [{"name": "v"}, {"name": "w"}]} | (manifest or {})
    return {"kind": "Pod", "apiVersion": "v1beta1", "id": "p", "desiredState": {"manifest": inside}} | top


def volume(source: Any, name: str = "v") -> dict[str, Any]:
    return pod(manifest={"volumes": [{"name": name, "source": source}]})


def mounts(*paths: str) -> dict[str, Any]:
    return pod({"volumeMounts": [{"name": "v", "mountPath": path} for path in paths]})


def ports(*given: dict[str, Any], **manifest: Any) -> dict[str, Any]:
    return pod({"ports": list(given)}, manifest)


def read(document: dict[str, Any]) -> pod_pb2.Pod:
    decoded = codec.decode(document)
    assert (list(decoded.problems), list(decoded.unknown)) == ([], [])
    found = cast("pod_pb2.Pod", decoded.message)
    set_defaults(found)
    return found


def wrong(document: dict[str, Any]) -> list[str]:
    return [V1BETA1.words(pod_pb2.Pod, violation.field) for violation in spec_violations(read(document).spec, "spec")]


TCP = {"tcpSocket": {"port": 80}}

WRONG = [
    (pod(manifest={"containers": []}), f"{MANIFEST}.containers", REQUIRED),
    (pod(desiredState={}), f"{MANIFEST}.containers", REQUIRED),
    (pod({"name": ""}), f"{C}.name", REQUIRED),
    (pod({"name": "Upper"}), f"{C}.name", INVALID),
    (pod({"name": "a.b"}), f"{C}.name", INVALID),
    (pod({"name": "a" * 64}), f"{C}.name", INVALID),
    (pod({"name": "net"}), f"{C}.name", INVALID),
    (pod(manifest={"containers": [{"name": "c", "image": "i"}] * 2}), f"{MANIFEST}.containers[1].name", DUPLICATE),
    (pod({"image": ""}), f"{C}.image", REQUIRED),
    (pod({"image": " "}), f"{C}.image", REQUIRED),
    (ports({"containerPort": 0}), f"{C}.ports[0].containerPort", INVALID),
    (ports({"containerPort": 65536}), f"{C}.ports[0].containerPort", INVALID),
    (ports({"containerPort": -1}), f"{C}.ports[0].containerPort", INVALID),
    (ports({"containerPort": 1, "hostPort": 65536}), f"{C}.ports[0].hostPort", INVALID),
    (ports({"containerPort": 1, "hostPort": -1}), f"{C}.ports[0].hostPort", INVALID),
    (ports({"containerPort": 1, "name": "Web"}), f"{C}.ports[0].name", INVALID),
    (ports({"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}), f"{C}.ports[1].name", DUPLICATE),
    (ports({"containerPort": 1, "hostIP": "localhost"}), f"{C}.ports[0].hostIP", INVALID),
    (ports({"containerPort": 1, "hostIP": "10.0.0.256"}), f"{C}.ports[0].hostIP", INVALID),
    (
        ports({"containerPort": 1, "hostPort": 9}, {"containerPort": 2, "hostPort": 9}),
        f"{C}.ports[1].hostPort",
        DUPLICATE,
    ),
    (ports({"containerPort": 80, "hostPort": 81}, hostNetwork=True), f"{C}.ports[0].hostPort", INVALID),
    (ports({"containerPort": 80}, {"containerPort": 80}, hostNetwork=True), f"{C}.ports[1].hostPort", DUPLICATE),
    (pod({"env": [{"value": "x"}]}), f"{C}.env[0].name", REQUIRED),
    (pod({"env": [{"name": "A"}, {"name": "1A"}]}), f"{C}.env[1].name", INVALID),
    (pod({"env": [{"key": "a-b"}]}), f"{C}.env[0].name", INVALID),
    (pod({"resources": {"limits": {"disk": 1}}}), f"{C}.resources.limits[disk]", INVALID),
    (pod({"resources": {"limits": {"cpu": -1}}}), f"{C}.resources.limits[cpu]", INVALID),
    (pod({"resources": {"requests": {"memory": -1}}}), f"{C}.resources.requests[memory]", INVALID),
    (pod({"volumeMounts": [{"mountPath": "/a"}]}), f"{C}.volumeMounts[0].name", REQUIRED),
    (pod({"volumeMounts": [{"name": "none", "mountPath": "/a"}]}), f"{C}.volumeMounts[0].name", NOT_FOUND),
    (pod({"volumeMounts": [{"name": "v"}]}), f"{C}.volumeMounts[0].mountPath", REQUIRED),
    (mounts("relative"), f"{C}.volumeMounts[0].mountPath", INVALID),
    (mounts("/" + "a" * 512), f"{C}.volumeMounts[0].mountPath", TOO_LONG),
    (mounts("/"), f"{C}.volumeMounts[0].mountPath", INVALID),
    (mounts("/a/.."), f"{C}.volumeMounts[0].mountPath", INVALID),
    (mounts("/a", "/b", "/a"), f"{C}.volumeMounts[2].mountPath", DUPLICATE),
    (mounts("/a", "//a/"), f"{C}.volumeMounts[1].mountPath", DUPLICATE),
    (mounts("/a", "/b/../a/."), f"{C}.volumeMounts[1].mountPath", DUPLICATE),
    (pod({"livenessProbe": {}}), f"{C}.livenessProbe", INVALID),
    (pod({"readinessProbe": {"timeoutSeconds": 1}}), f"{C}.readinessProbe", INVALID),
    (pod({"livenessProbe": {"exec": {}}}), f"{C}.livenessProbe.exec.command", REQUIRED),
    (pod({"livenessProbe": {"tcpSocket": {}}}), f"{C}.livenessProbe.tcpSocket.port", INVALID),
    (pod({"livenessProbe": {"httpGet": {"port": 65536}}}), f"{C}.livenessProbe.httpGet.port", INVALID),
    (pod({"readinessProbe": {"httpGet": {"port": ""}}}), f"{C}.readinessProbe.httpGet.port", REQUIRED),
    (pod({"livenessProbe": TCP | {"initialDelaySeconds": -1}}), f"{C}.livenessProbe.initialDelaySeconds", INVALID),
    (pod({"livenessProbe": TCP | {"timeoutSeconds": -1}}), f"{C}.livenessProbe.timeoutSeconds", INVALID),
    (pod({"livenessProbe": TCP | {"periodSeconds": -1}}), f"{C}.livenessProbe.periodSeconds", INVALID),
    (pod({"lifecycle": {"postStart": {}}}), f"{C}.lifecycle.postStart", INVALID),
    (pod({"lifecycle": {"preStop": {"exec": {"command": []}}}}), f"{C}.lifecycle.preStop.exec.command", REQUIRED),
    (pod({"lifecycle": {"preStop": {"httpGet": {"port": 0}}}}), f"{C}.lifecycle.preStop.httpGet.port", INVALID),
    (pod({"terminationMessagePath": "relative"}), f"{C}.terminationMessagePath", INVALID),
    (pod({"capabilities": {"add": ["KILL", "NET_ADMN"]}}), f"{C}.capabilities.add[1]", NOT_SUPPORTED),
    (pod({"capabilities": {"drop": ["CAP_KILL"]}}), f"{C}.capabilities.drop[0]", NOT_SUPPORTED),
    (pod({"capabilities": {"drop": ["all"]}}), f"{C}.capabilities.drop[0]", NOT_SUPPORTED),
    (volume({}, name=""), f"{V}.name", REQUIRED),
    (volume({}, name="Upper"), f"{V}.name", INVALID),
    (pod(manifest={"volumes": [{"name": "v"}, {"name": "v"}]}), f"{MANIFEST}.volumes[1].name", DUPLICATE),
    (volume({"emptyDir": {"medium": "Disk"}}), f"{V}.source.emptyDir.medium", NOT_SUPPORTED),
    (volume({"hostDir": {}}), f"{V}.source.hostDir.path", REQUIRED),
    (volume({"hostDir": {"path": "relative"}}), f"{V}.source.hostDir.path", INVALID),
    (volume({"persistentDisk": {"fsType": "ext4"}}), f"{V}.source.persistentDisk.pdName", REQUIRED),
    (volume({"persistentDisk": {"pdName": "../d", "fsType": "ext4"}}), f"{V}.source.persistentDisk.pdName", INVALID),
    (volume({"persistentDisk": {"pdName": "d"}}), f"{V}.source.persistentDisk.fsType", REQUIRED),
    (volume({"persistentDisk": {"pdName": "d", "fsType": "../sh"}}), f"{V}.source.persistentDisk.fsType", INVALID),
    (
        volume({"persistentDisk": {"pdName": "d", "fsType": "ext4", "partition": 256}}),
        f"{V}.source.persistentDisk.partition",
        INVALID,
    ),
    (
        volume({"GCEPersistentDisk": {"pdName": "d", "fsType": "ext4", "partition": -1}}),
        f"{V}.source.persistentDisk.partition",
        INVALID,
    ),
    (volume({"gitRepo": {"revision": "r"}}), f"{V}.source.gitRepo.repository", REQUIRED),
    (volume({"gitRepo": {"repository": "--upload-pack=x"}}), f"{V}.source.gitRepo.repository", INVALID),
    (volume({"gitRepo": {"repository": "r", "revision": "-f"}}), f"{V}.source.gitRepo.revision", INVALID),
    (volume({"secret": {"target": {}}}), f"{V}.source.secret.target.name", REQUIRED),
    (volume({"secret": {"target": {"name": "Upper"}}}), f"{V}.source.secret.target.name", INVALID),
    (volume({"nfs": {"path": "/a"}}), f"{V}.source.nfs.server", REQUIRED),
    (volume({"nfs": {"server": "-o", "path": "/a"}}), f"{V}.source.nfs.server", INVALID),
    (volume({"nfs": {"server": "s"}}), f"{V}.source.nfs.path", REQUIRED),
    (volume({"nfsMount": {"server": "s", "path": "relative"}}), f"{V}.source.nfs.path", INVALID),
    (pod(manifest={"terminationGracePeriodSeconds": -1}), f"{MANIFEST}.terminationGracePeriodSeconds", INVALID),
    (pod(nodeSelector={"Upper": "x"}), "nodeSelector", INVALID),
    (pod(nodeSelector={"disk": "-"}), "nodeSelector", INVALID),
]


@pytest.mark.parametrize(
    ("document", "field", "reason"), WRONG, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_wrong_is_named(document: dict[str, Any], field: str, reason: str) -> None:
    assert wrong(document) == [field]
    assert [violation.reason for violation in spec_violations(read(document).spec, "spec")] == [reason]


def test_a_node_has_a_name_that_nodes_can_have() -> None:
    document = pod()
    document["desiredState"]["host"] = "Node_1"
    assert wrong(document) == ["desiredState.host"]


RIGHT = [
    pod({"name": "a" * 63}),
    pod({"name": "0"}),
    ports({"containerPort": 65535, "hostPort": 65535, "name": "w", "protocol": "udp", "hostIP": "::1"}),
    ports({"containerPort": 1, "hostPort": 9}, {"containerPort": 1, "hostPort": 9, "protocol": "UDP"}),
    ports({"containerPort": 80}, {"containerPort": 81}, hostNetwork=True),
    pod({"env": [{"name": "A"}, {"name": "A", "value": "again"}, {"key": "_b1"}]}),
    pod({"resources": {"limits": {"cpu": 0, "memory": 0}}, "cpu": 1, "memory": 1}),
    mounts("/" + "a" * 511, "/b", "/b/c"),
    pod({"livenessProbe": {"httpGet": {"port": "web"}, "initialDelaySeconds": 0, "timeoutSeconds": 0}}),
    pod({"lifecycle": {"postStart": {"exec": {"command": [""]}}, "preStop": TCP}}),
    pod({"capabilities": {"add": ["ALL", "SYS_ADMIN"], "drop": ["CHOWN"]}}),
    volume({"emptyDir": {"medium": "Memory"}}),
    volume({"hostDir": {"path": "/"}}),
    volume({"persistentDisk": {"pdName": "d-1", "fsType": "ext4", "partition": 255, "readOnly": True}}),
    volume({"gitRepo": {"repository": "git@h:r.git"}}),
    volume({"secret": {"target": {"name": "keys.v1"}}}),
    volume({"nfsMount": {"server": "10.0.0.1", "path": "/"}}),
    pod(manifest={"terminationGracePeriodSeconds": 0, "dnsPolicy": "ClusterFirst", "restartPolicy": "Never"}),
    pod(nodeSelector={"example.com/disk": "", "a": "A_.-"}),
]


@pytest.mark.parametrize("document", RIGHT)
def test_what_is_right_passes(document: dict[str, Any]) -> None:
    assert wrong(document) == []


def test_all_that_is_wrong_is_named_at_once() -> None:
    container = {"name": "Upper", "image": "", "ports": [{"hostPort": -1}], "livenessProbe": {}, "env": [{}]}
    second = {"name": "net", "image": "i", "volumeMounts": [{"name": "x", "mountPath": "y"}]}
    volumes = [{"name": "", "source": {"nfs": {}}}]
    document = pod(manifest={"containers": [container, second], "volumes": volumes}, nodeSelector={"-": "-"})
    assert sorted(wrong(document)) == sorted(
        [
            f"{V}.name",
            f"{V}.source.nfs.server",
            f"{V}.source.nfs.path",
            f"{C}.name",
            f"{C}.image",
            f"{C}.ports[0].containerPort",
            f"{C}.ports[0].hostPort",
            f"{C}.env[0].name",
            f"{C}.livenessProbe",
            f"{MANIFEST}.containers[1].name",
            f"{MANIFEST}.containers[1].volumeMounts[0].name",
            f"{MANIFEST}.containers[1].volumeMounts[0].mountPath",
            "nodeSelector",
            "nodeSelector",
        ]
    )


@pytest.mark.parametrize("number", [4, -1])
def test_a_number_that_no_policy_has_is_refused(number: int) -> None:
    found = read(pod())
    found.spec.restart_policy = found.spec.dns_policy = number  # type: ignore[assignment]
    found.spec.containers[0].image_pull_policy = number  # type: ignore[assignment]
    found.spec.containers[0].ports.add(container_port=1, protocol=number)  # type: ignore[arg-type]
    assert {(violation.field, violation.reason) for violation in spec_violations(found.spec, "spec")} == {
        ("spec.restart_policy", NOT_SUPPORTED),
        ("spec.dns_policy", NOT_SUPPORTED),
        ("spec.containers[0].image_pull_policy", NOT_SUPPORTED),
        ("spec.containers[0].ports[0].protocol", NOT_SUPPORTED),
    }


def test_privileged_containers_are_named_where_they_are_not_allowed() -> None:
    spec = read(
        pod(manifest={"containers": [{"name": "c", "image": "i"}, {"name": "d", "image": "i", "privileged": True}]})
    ).spec
    (violation,) = privileged_violations(spec, "spec")
    assert V1BETA1.words(pod_pb2.Pod, violation.field) == f"{MANIFEST}.containers[1].privileged"
    assert "--allow-privileged" in violation.description
    assert violation.reason == FORBIDDEN
    assert [*spec_violations(spec, "spec")] == []


def test_a_new_mirror_names_its_node() -> None:
    mirror = read(pod(annotations={MIRROR: "uid"}))
    assert [(violation.field, violation.reason) for violation in mirror_violations(mirror)] == [
        ("spec.node_name", REQUIRED)
    ]
    mirror.spec.node_name = "n1"
    assert [*mirror_violations(mirror)] == []
    assert [*mirror_violations(read(pod()))] == []


DEFAULTS = [
    ("restartPolicy", pod(), {"always": {}}),
    ("dnsPolicy", pod(), "Default"),
    ("version", pod(manifest={"version": "v1beta1"}), "v1beta2"),
    ("version", pod(), "v1beta2"),
    ("terminationGracePeriodSeconds", pod(), 10),
    ("terminationGracePeriodSeconds", pod(manifest={"terminationGracePeriodSeconds": 0}), 0),
    ("volumes.0.source.emptyDir", pod(), {}),
    ("volumes.0.source.emptyDir", volume({}), {}),
    ("containers.0.terminationMessagePath", pod(), "/dev/termination-log"),
    ("containers.0.imagePullPolicy", pod(), "PullIfNotPresent"),
    ("containers.0.imagePullPolicy", pod({"image": "i"}), "PullIfNotPresent"),
    ("containers.0.imagePullPolicy", pod({"image": "host:5000/i"}), "PullIfNotPresent"),
    ("containers.0.imagePullPolicy", pod({"image": "i:latest"}), "PullAlways"),
    ("containers.0.imagePullPolicy", pod({"image": "i:latest", "imagePullPolicy": "IfNotPresent"}), "PullIfNotPresent"),
    ("containers.0.ports.0.protocol", ports({"containerPort": 1}), "TCP"),
    ("containers.0.ports.0.hostPort", ports({"containerPort": 7}, hostNetwork=True), 7),
    ("containers.0.livenessProbe.timeoutSeconds", pod({"livenessProbe": TCP}), 1),
    ("containers.0.readinessProbe.periodSeconds", pod({"readinessProbe": TCP}), 10),
    ("containers.0.livenessProbe.httpGet.path", pod({"livenessProbe": {"httpGet": {"port": 1}}}), "/"),
    ("containers.0.lifecycle.preStop.httpGet.path", pod({"lifecycle": {"preStop": {"httpGet": {"port": 1}}}}), "/"),
]


@pytest.mark.parametrize(("path", "document", "value"), DEFAULTS)
def test_defaults(path: str, document: dict[str, Any], value: Any) -> None:
    found: Any = V1BETA1.encode(read(document))["desiredState"]["manifest"]
    for step in path.split("."):
        found = found[int(step) if step.isdigit() else step]
    assert found == value
