"""One pod, spelled in all the ways of 2015, and how it is written."""

from __future__ import annotations

from typing import Any

import pytest

from peapod.codec import codec
from peapod.codec.versions import V1BETA1
from peapod.v1 import meta_pb2, pod_pb2


def pod(container: Any = None, manifest: Any = None, **top: Any) -> dict[str, Any]:
    inside = {"containers": [{"name": "c", "image": "i"} | (container or {})]} | (manifest or {})
    return {"kind": "Pod", "apiVersion": "v1beta1", "id": "p", "desiredState": {"manifest": inside}} | top


def read(document: dict[str, Any]) -> pod_pb2.Pod:
    decoded = codec.decode(document)
    assert (list(decoded.problems), list(decoded.unknown)) == ([], [])
    assert isinstance(decoded.message, pod_pb2.Pod)
    return decoded.message


def volume(source: Any) -> dict[str, Any]:
    return pod(manifest={"volumes": [{"name": "v", "source": source}]})


DISK = {"pdName": "d", "fsType": "ext4", "partition": 0, "readOnly": True}
NFS = {"server": "s", "path": "/p", "readOnly": True}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pod(), {"KIND": "Pod", "ApiVersion": "v1beta1", "ID": "p", "DesiredState": pod()["desiredState"]}),
        (pod(), pod(apiVersion="v1beta2")),
        (pod({"cpu": 100, "memory": 5}), pod({"CPU": 100, "Memory": 5})),
        (pod({"cpu": 100, "memory": 5}), pod({"resources": {"limits": {"cpu": "0.1", "memory": 5}}})),
        (pod({"cpu": 100}), pod({"cpu": 100, "resources": {"limits": {"cpu": 7}}})),
        (pod({"cpu": 0, "resources": {"limits": {"cpu": 7}}}), pod({"resources": {"limits": {"cpu": "7.000"}}})),
        (pod({"memory": 5}), pod({"memory": 5, "resources": {"limits": {"memory": 7}}})),
        (pod({"resources": {"limits": {"cpu": 2}}}), pod({"resources": {"cpu": 2}})),
        (pod({"env": [{"name": "A", "value": "x"}]}), pod({"env": [{"key": "A", "value": "x"}]})),
        (pod({"env": [{"name": "A"}]}), pod({"env": [{"key": "B", "name": "A"}]})),
        (pod({"env": [{"name": "B"}]}), pod({"env": [{"key": "B", "name": ""}]})),
        (pod({"volumeMounts": [{"mountPath": "/a"}]}), pod({"volumeMounts": [{"path": "/a", "mountType": "x"}]})),
        (pod({"ports": [{"protocol": "TCP"}]}), pod({"ports": [{"Protocol": "tcp"}]})),
        (pod({"imagePullPolicy": "PullNever"}), pod({"imagePullPolicy": "Never"})),
        (pod({"imagePullPolicy": "PullIfNotPresent"}), pod({"imagePullPolicy": "pullifnotpresent"})),
        (pod(manifest={"restartPolicy": {"onFailure": {}}}), pod(manifest={"RestartPolicy": "OnFailure"})),
        (pod(manifest={"restartPolicy": {"onFailure": {}}}), pod(manifest={"RestartPolicy": [{"onFailure": None}]})),
        (pod(manifest={"dnsPolicy": "ClusterFirst"}), pod(manifest={"DNSPolicy": "clusterfirst"})),
        (pod(manifest={"id": "m", "uuid": "u"}), pod(manifest={"ID": "m", "UUID": "w", "version": "V1Beta1"})),
        (volume({"persistentDisk": DISK}), volume({"GCEPersistentDisk": DISK})),
        (volume({"persistentDisk": DISK}), volume({"gcePersistentDisk": DISK})),
        (volume({"nfs": NFS}), volume({"nfsMount": NFS})),
        (volume({"nfs": NFS}), volume({"NFS": NFS, "nfsMount": None})),
        (volume({"hostDir": {"path": "/a"}}), volume({"hostPath": {"path": "/a"}})),
        (volume({"secret": {"target": {"name": "s"}}}), volume({"secret": {"target": {"ID": "s", "kind": "Secret"}}})),
    ],
)
def test_two_spellings_of_one_pod(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert read(one) == read(other)


def test_the_version_is_written_as_the_one_that_there_is() -> None:
    for version in ("v1beta1", "v1beta2", "", "V1BETA2", "v7", None):
        written = V1BETA1.encode(read(pod(manifest={"version": version})))
        assert written["desiredState"]["manifest"]["version"] == "v1beta2"


def test_both_forms_are_written_where_there_are_two() -> None:
    container = {
        "cpu": 100,
        "memory": 1048576,
        "env": [{"key": "A", "value": "x"}],
        "volumeMounts": [{"name": "v", "path": "/a"}],
    }
    written = V1BETA1.encode(read(pod(container)))["desiredState"]["manifest"]["containers"][0]
    assert (written["cpu"], written["memory"]) == (100, 1048576)
    assert written["resources"] == {"limits": {"cpu": "0.1", "memory": 1048576}}
    assert written["env"] == [{"name": "A", "key": "A", "value": "x"}]
    assert written["volumeMounts"] == [{"name": "v", "mountPath": "/a", "path": "/a"}]


@pytest.mark.parametrize("port", [80, "80", "web"])
def test_a_port_keeps_its_form(port: Any) -> None:
    written = V1BETA1.encode(read(pod({"livenessProbe": {"tcpSocket": {"port": port}}})))
    assert written["desiredState"]["manifest"]["containers"][0]["livenessProbe"]["tcpSocket"] == {"port": port}


@pytest.mark.parametrize(
    ("phase", "word"),
    [
        (pod_pb2.POD_PHASE_PENDING, "Waiting"),
        (pod_pb2.POD_PHASE_RUNNING, "Running"),
        (pod_pb2.POD_PHASE_SUCCEEDED, "Succeeded"),
        (pod_pb2.POD_PHASE_FAILED, "Terminated"),
        (pod_pb2.POD_PHASE_UNKNOWN, "Unknown"),
    ],
)
def test_what_the_kubelet_saw_is_in_the_current_state(phase: pod_pb2.PodPhase, word: str) -> None:
    found = pod_pb2.Pod(status=pod_pb2.PodStatus(phase=phase, message="why", host_ip="10.0.0.1", pod_ip="10.0.1.1"))
    found.spec.node_name = "n1"
    found.status.conditions.add(type="Ready", status=meta_pb2.CONDITION_STATUS_TRUE)
    seen = found.status.container_statuses.add(name="c", restart_count=2, image="i", container_id="docker://1")
    seen.state.running.started_at.seconds = 1420717935
    seen.last_state.terminated.exit_code = 137
    seen.last_state.terminated.reason = "OOMKilled"
    state = V1BETA1.encode(found)["currentState"]
    assert (state["status"], state["message"], state["host"]) == (word, "why", "n1")
    assert (state["hostIP"], state["podIP"]) == ("10.0.0.1", "10.0.1.1")
    assert state["Condition"] == [{"kind": "Ready", "status": "Full"}]
    assert state["manifest"]["containers"] is None
    assert state["info"] == {
        "c": {
            "state": {"running": {"startedAt": "2015-01-08T11:52:15Z"}},
            "lastState": {
                "termination": {"exitCode": 137, "reason": "OOMKilled", "startedAt": None, "finishedAt": None}
            },
            "ready": False,
            "restartCount": 2,
            "image": "i",
            "imageID": "",
            "containerID": "docker://1",
        }
    }
