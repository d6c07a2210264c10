"""What of a pod may change after it was created, and how what may not is named."""

from __future__ import annotations

from typing import Any, cast

import pytest

from peapod.apiserver.resources.pod import keep, validate_update
from peapod.codec import codec
from peapod.codec.versions import V1BETA1
from peapod.rules.mirror import MIRROR
from peapod.rules.pod_defaults import set_defaults
from peapod.v1 import pod_pb2

MANIFEST = "desiredState.manifest"
C = f"{MANIFEST}.containers[0]"


def document() -> dict[str, Any]:
    container = {
        "name": "c",
        "image": "i:1",
        "entrypoint": ["/bin/sh"],
        "command": ["-c", "true"],
        "workingDir": "/srv",
        "ports": [{"name": "web", "hostPort": 8080, "containerPort": 80, "protocol": "TCP", "hostIP": "127.0.0.1"}],
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "resources": {"limits": {"cpu": "0.5", "memory": 1048576}, "requests": {"cpu": "0.1"}},
        "volumeMounts": [{"name": "v", "mountPath": "/data", "readOnly": True}],
        "livenessProbe": {"exec": {"command": ["ok"]}, "initialDelaySeconds": 1, "timeoutSeconds": 2},
        "readinessProbe": {"httpGet": {"path": "/ok", "port": 80, "host": "h"}, "periodSeconds": 3},
        "lifecycle": {"postStart": {"tcpSocket": {"port": "web"}}, "preStop": {"exec": {"command": ["bye"]}}},
        "terminationMessagePath": "/tmp/message",
        "privileged": True,
        "imagePullPolicy": "PullIfNotPresent",
        "capabilities": {"add": ["NET_ADMIN"], "drop": ["CHOWN"]},
    }
    volumes = [
        {"name": "v", "source": {"emptyDir": {"medium": "Memory"}}},
        {"name": "d", "source": {"persistentDisk": {"pdName": "disk", "fsType": "ext4", "readOnly": True}}},
    ]
    manifest = {"id": "m", "volumes": volumes, "containers": [container], "hostNetwork": False}
    state = {"manifest": manifest, "host": "n1"}
    return {"kind": "Pod", "apiVersion": "v1beta1", "id": "p", "desiredState": state, "nodeSelector": {"disk": "ssd"}}


def read(text: dict[str, Any]) -> pod_pb2.Pod:
    decoded = codec.decode(text)
    assert (list(decoded.problems), list(decoded.unknown)) == ([], [])
    pod = cast("pod_pb2.Pod", decoded.message)
    set_defaults(pod)
    return pod


def put(text: Any, path: str, value: Any) -> None:
    *steps, last = path.replace("[", ".").replace("]", "").split(".")
    for step in steps:
        text = text[int(step) if step.isdigit() else step]
    text[int(last) if last.isdigit() else last] = value


def refused(new: pod_pb2.Pod, old: pod_pb2.Pod) -> list[str]:
    return [V1BETA1.words(pod_pb2.Pod, violation.field) for violation in validate_update(new, old)]


CHANGES = [
    (f"{C}.name", "d", f"{C}.name"),
    (f"{C}.entrypoint", ["/bin/bash"], f"{C}.entrypoint[0]"),
    (f"{C}.command", ["-c", "false"], f"{C}.command[1]"),
    (f"{C}.command", ["true"], f"{C}.command"),
    (f"{C}.workingDir", "/", f"{C}.workingDir"),
    (f"{C}.ports[0].name", "http", f"{C}.ports[0].name"),
    (f"{C}.ports[0].hostPort", 8081, f"{C}.ports[0].hostPort"),
    (f"{C}.ports[0].containerPort", 81, f"{C}.ports[0].containerPort"),
    (f"{C}.ports[0].protocol", "UDP", f"{C}.ports[0].protocol"),
    (f"{C}.ports[0].hostIP", "", f"{C}.ports[0].hostIP"),
    (f"{C}.ports", [], f"{C}.ports"),
    (f"{C}.env[0].name", "C", f"{C}.env[0].name"),
    (f"{C}.env[1].value", "3", f"{C}.env[1].value"),
    (f"{C}.resources.limits.cpu", "0.6", f"{C}.resources.limits[cpu]"),
    (f"{C}.resources.limits", {"cpu": "0.5"}, f"{C}.resources.limits[memory]"),
    (f"{C}.resources.requests.memory", 1, f"{C}.resources.requests[memory]"),
    (f"{C}.cpu", 600, f"{C}.resources.limits[cpu]"),
    (f"{C}.volumeMounts[0].name", "d", f"{C}.volumeMounts[0].name"),
    (f"{C}.volumeMounts[0].mountPath", "/other", f"{C}.volumeMounts[0].mountPath"),
    (f"{C}.volumeMounts[0].readOnly", False, f"{C}.volumeMounts[0].readOnly"),
    (f"{C}.livenessProbe.exec.command[0]", "no", f"{C}.livenessProbe.exec.command[0]"),
    (f"{C}.livenessProbe.initialDelaySeconds", 2, f"{C}.livenessProbe.initialDelaySeconds"),
    (f"{C}.livenessProbe.timeoutSeconds", 1, f"{C}.livenessProbe.timeoutSeconds"),
    (f"{C}.livenessProbe", None, f"{C}.livenessProbe"),
    (f"{C}.readinessProbe.periodSeconds", 4, f"{C}.readinessProbe.periodSeconds"),
    (f"{C}.readinessProbe.httpGet.path", "/", f"{C}.readinessProbe.httpGet.path"),
    (f"{C}.readinessProbe.httpGet.port", "web", f"{C}.readinessProbe.httpGet.port"),
    (f"{C}.readinessProbe.httpGet.host", "", f"{C}.readinessProbe.httpGet.host"),
    (f"{C}.lifecycle.postStart", {"exec": {"command": ["x"]}}, f"{C}.lifecycle.postStart.exec"),
    (f"{C}.lifecycle.preStop", None, f"{C}.lifecycle.preStop"),
    (f"{C}.terminationMessagePath", "/dev/termination-log", f"{C}.terminationMessagePath"),
    (f"{C}.privileged", False, f"{C}.privileged"),
    (f"{C}.imagePullPolicy", "PullNever", f"{C}.imagePullPolicy"),
    (f"{C}.capabilities.add", [], f"{C}.capabilities.add"),
    (f"{C}.capabilities.drop[0]", "KILL", f"{C}.capabilities.drop[0]"),
    (f"{MANIFEST}.id", "", f"{MANIFEST}.id"),
    (f"{MANIFEST}.volumes[0].name", "w", f"{MANIFEST}.volumes[0].name"),
    (f"{MANIFEST}.volumes[0].source", {"hostDir": {"path": "/x"}}, f"{MANIFEST}.volumes[0].source.hostDir"),
    (f"{MANIFEST}.volumes[0].source.emptyDir.medium", "", f"{MANIFEST}.volumes[0].source.emptyDir.medium"),
    (
        f"{MANIFEST}.volumes[1].source.persistentDisk.readOnly",
        False,
        f"{MANIFEST}.volumes[1].source.persistentDisk.readOnly",
    ),
    (f"{MANIFEST}.restartPolicy", {"never": {}}, f"{MANIFEST}.restartPolicy"),
    (f"{MANIFEST}.dnsPolicy", "ClusterFirst", f"{MANIFEST}.dnsPolicy"),
    (f"{MANIFEST}.terminationGracePeriodSeconds", 0, f"{MANIFEST}.terminationGracePeriodSeconds"),
    ("desiredState.host", "n2", "desiredState.host"),
    ("nodeSelector.disk", "hdd", "nodeSelector[disk]"),
    ("nodeSelector", {}, "nodeSelector[disk]"),
]


@pytest.mark.parametrize(("path", "value", "field"), CHANGES)
def test_what_may_not_change_is_named_precisely(path: str, value: Any, field: str) -> None:
    changed = document()
    put(changed, path, value)
    assert refused(read(changed), read(document())) == [field]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{C}.image", "other:latest"),
        ("labels", {"tier": "front"}),
        ("annotations", {"about": "it"}),
        (f"{C}.resources.limits", {"cpu": 0.50, "memory": "1048576"}),
        (f"{C}.cpu", 500),
        (f"{MANIFEST}.uuid", "ignored"),
        (f"{MANIFEST}.version", "v1beta1"),
    ],
)
def test_what_may(path: str, value: Any) -> None:
    changed = document()
    put(changed, path, value)
    assert refused(read(changed), read(document())) == []


def test_every_change_is_named_at_once() -> None:
    changed = document()
    for path, value, _ in CHANGES[:2]:
        put(changed, path, value)
    put(changed, "desiredState.host", "n2")
    assert refused(read(changed), read(document())) == [f"{C}.name", f"{C}.entrypoint[0]", "desiredState.host"]


def test_hosts_network_changes_its_ports_too() -> None:
    changed = document()
    put(changed, f"{MANIFEST}.hostNetwork", True)
    assert refused(read(changed), read(document())) == [f"{MANIFEST}.hostNetwork"]


@pytest.mark.parametrize("count", [0, 2])
def test_containers_are_not_added_or_removed(count: int) -> None:
    changed = document()
    put(changed, f"{MANIFEST}.containers", [{"name": f"c{number}", "image": "i"} for number in range(count)])
    assert refused(read(changed), read(document())) == [f"{MANIFEST}.containers"]


def test_an_amount_may_be_spelled_anew_but_not_change() -> None:
    old, new = read(document()), read(document())
    old.spec.containers[0].resources.limits["memory"] = "64Mi"
    new.spec.containers[0].resources.limits["memory"] = str(64 << 20)
    assert refused(new, old) == []
    for other in ("65Mi", "much"):
        new.spec.containers[0].resources.limits["memory"] = other
        assert refused(new, old) == [f"{C}.resources.limits[memory]"]


def test_a_part_that_is_empty_is_as_good_as_none() -> None:
    old, new = read(document()), read(document())
    for pod in (old, new):
        pod.spec.containers[0].ClearField("lifecycle")
    new.spec.containers[0].lifecycle.SetInParent()
    assert refused(new, old) == []


def test_what_is_left_out_stays() -> None:
    old = read(document())
    told = document()
    del told["desiredState"]["host"], told["desiredState"]["manifest"]["containers"][0]["imagePullPolicy"]
    put(told, f"{C}.image", "i:latest")
    new = cast("pod_pb2.Pod", codec.decode(told).message)
    keep(new, old)
    set_defaults(new)
    assert refused(new, old) == []
    assert new.spec.node_name == "n1"
    assert new.spec.containers[0].image_pull_policy == pod_pb2.PULL_POLICY_IF_NOT_PRESENT


@pytest.mark.parametrize(
    ("before", "after"), [({}, {MIRROR: "u"}), ({MIRROR: "u"}, {}), ({MIRROR: "u"}, {MIRROR: "w"})]
)
def test_a_pod_stays_a_mirror_or_none(before: dict[str, str], after: dict[str, str]) -> None:
    old, new = read(document()), read(document())
    old.metadata.annotations.update(before)
    new.metadata.annotations.update(after)
    assert refused(new, old) == [f"annotations[{MIRROR}]"]
