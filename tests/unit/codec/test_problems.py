"""What the codec says of documents that are wrong: every problem, by its path, at once."""

from __future__ import annotations

from typing import Any

import pytest

from peapod.codec import codec
from peapod.codec.versions import V1BETA1, V1BETA3
from peapod.v1 import node_pb2, pod_pb2, secret_pb2


def pod(container: Any = None, manifest: Any = None, **top: Any) -> dict[str, Any]:
    inside = {"containers": [{"name": "c", "image": "i"} | (container or {})]} | (manifest or {})
    return {"kind": "Pod", "apiVersion": "v1beta1", "id": "p", "desiredState": {"manifest": inside}} | top


C = "desiredState.manifest.containers[0]"

WRONG = [
    (pod(id=7), "id", "must be text, not a number"),
    (pod(labels=["a"]), "labels", "must be an object, not a list"),
    (pod(labels={"tier": True}), "labels[tier]", "must be text, not true or false"),
    (pod(labels={1: "x"}), "labels[1]", "must be text, not a number"),
    (pod(resourceVersion="7"), "resourceVersion", "must be a number, not text"),
    (pod(resourceVersion=1.5), "resourceVersion", "must be a whole number"),
    (pod(resourceVersion=True), "resourceVersion", "must be a number, not true or false"),
    (pod(creationTimestamp="yesterday"), "creationTimestamp", 'must be a time such as "2015-01-08T11:52:15Z"'),
    (pod(creationTimestamp="2015-01-08T11:52:15"), "creationTimestamp", 'must be a time such as "2015-01'),
    (pod(creationTimestamp="0001-01-01T00:00:00+01:00"), "creationTimestamp", "must be a time such as"),
    (pod(id="\ud800"), "id", "must be Unicode text; half of a surrogate pair is not"),
    (pod(desiredState=[]), "desiredState", "must be an object, not a list"),
    (pod(manifest={"containers": {}}), "desiredState.manifest.containers", "must be a list, not an object"),
    (pod(manifest={"containers": [None]}), C, "must be an object, not null"),
    (pod(manifest={"dnsPolicy": "Mine"}), "desiredState.manifest.dnsPolicy", "must be one of ClusterFirst, Default"),
    (pod(manifest={"restartPolicy": "Sometimes"}), "desiredState.manifest.restartPolicy", "must be one of always"),
    (
        pod(manifest={"restartPolicy": {"always": {"delay": 1}}}),
        "desiredState.manifest.restartPolicy",
        "must be an object",
    ),
    (pod(manifest={"version": ["v1beta2"]}), "desiredState.manifest.version", "must be text, not a list"),
    (pod(manifest={"restartPolicy": 3}), "desiredState.manifest.restartPolicy", "must be an object such as"),
    (pod(manifest={"hostNetwork": "yes"}), "desiredState.manifest.hostNetwork", "must be true or false, not text"),
    (pod({"command": "ls"}), f"{C}.command", "must be a list, not text"),
    (pod({"command": ["ls", 1]}), f"{C}.command[1]", "must be text, not a number"),
    (pod({"ports": [{}, {"hostPort": "80"}]}), f"{C}.ports[1].hostPort", "must be a number, not text"),
    (pod({"ports": [{"hostPort": 2**31}]}), f"{C}.ports[0].hostPort", "must be a number between -2147483648 and"),
    (pod({"ports": [{"protocol": "ICMP"}]}), f"{C}.ports[0].protocol", 'must be one of TCP, UDP; "ICMP" is not'),
    (pod({"cpu": -1}), f"{C}.cpu", "must not be negative"),
    (pod({"cpu": "1"}), f"{C}.cpu", "must be a number, not text"),
    (pod({"resources": {"limits": {"cpu": "250m"}}}), f"{C}.resources.limits[cpu]", "must be a plain number"),
    (pod({"resources": {"limits": {"memory": 1.5}}}), f"{C}.resources.limits[memory]", "must be a whole number"),
    (pod({"resources": {"limits": {"memory": 1e400}}}), f"{C}.resources.limits[memory]", "must be a plain number"),
    (pod({"imagePullPolicy": "Maybe"}), f"{C}.imagePullPolicy", "must be one of PullAlways"),
    (pod({"livenessProbe": {"exec": {}, "tcpSocket": {}}}), f"{C}.livenessProbe.tcpSocket", "must not be given"),
    (pod({"readinessProbe": {"tcpSocket": {"port": []}}}), f"{C}.readinessProbe.tcpSocket.port", "must be a number"),
    (pod({"Name": "d"}), f"{C}.Name", "is given twice, as name too"),
    (
        pod(manifest={"volumes": [{"name": "v", "source": {"nfs": {}, "nfsMount": {}}}]}),
        "desiredState.manifest.volumes[0].source.nfs",
        "is given twice, as nfsMount too",
    ),
    (pod(currentState={"info": {"c": []}}), "currentState.info[c]", "must be an object, not a list"),
    (pod(currentState={"info": {1: {}}}), "currentState.info", "has a key that must be text, not a number"),
    (pod(currentState={"Condition": [{"status": "Half"}]}), "currentState.Condition[0].status", "must be one of Full"),
    (pod(apiVersion=None), "apiVersion", 'is required, such as "v1beta1"'),
    (pod(apiVersion="v1"), "apiVersion", "must be one of v1beta1, v1beta2, v1beta3, not v1"),
    (pod(apiVersion=["v1beta1"]), "apiVersion", "must be one of v1beta1, v1beta2"),
    (pod(kind=None), "kind", 'is required, such as "Pod"'),
    (
        pod(kind="Pdo"),
        "kind",
        "must be one of Pod, ReplicationController, Service, Endpoints, Minion, Event, Namespace,",
    ),
    (pod(kind="PodList", items={}), "items", "must be a list"),
    ([], "", "must be an object, not a list"),
    ({1: 2, **pod()}, "", "has the key 1, which must be text"),
]


@pytest.mark.parametrize(("document", "path", "description"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_value_is_told_by_its_path(document: Any, path: str, description: str) -> None:
    decoded = codec.decode(document)
    assert [problem.field for problem in decoded.problems] == [path]
    assert decoded.problems[0].description.startswith(description)
    assert not decoded.unknown or decoded.message is None


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (pod(kind=None), "REQUIRED"),
        (pod(apiVersion=None), "REQUIRED"),
        (pod(kind="Pdo"), "NOT_SUPPORTED"),
        (pod(apiVersion="v1"), "NOT_SUPPORTED"),
        (pod({"imagePullPolicy": "Maybe"}), "NOT_SUPPORTED"),
        (pod(manifest={"restartPolicy": "Sometimes"}), "NOT_SUPPORTED"),
        (pod(id=7), "INVALID"),
    ],
)
def test_the_reason_is_said_in_one_word(document: Any, reason: str) -> None:
    assert [problem.reason for problem in codec.decode(document).problems] == [reason]


def v1beta3(kind: str, name: str, **top: Any) -> dict[str, Any]:
    return {"kind": kind, "apiVersion": "v1beta3", "metadata": {"name": name}} | top


@pytest.mark.parametrize(
    ("document", "path", "description"),
    [
        (v1beta3("Pod", "p", metadata={"resourceVersion": 7}), "metadata.resourceVersion", "must be text"),
        (v1beta3("Pod", "p", metadata={"resourceVersion": "seven"}), "metadata.resourceVersion", "must be digits"),
        (v1beta3("Pod", "p", metadata={"resourceVersion": "9" * 19}), "metadata.resourceVersion", "must be a number"),
        (v1beta3("Pod", "p", spec={"restartPolicy": {"always": {}}}), "spec.restartPolicy", "must be text"),
        (
            v1beta3("Pod", "p", spec={"containers": [{"resources": {"limits": {"cpu": "much"}}}]}),
            "spec.containers[0].resources.limits[cpu]",
            "'much' is not a quantity",
        ),
        (
            v1beta3("Pod", "p", spec={"containers": [{"resources": {"limits": {"cpu": True}}}]}),
            "spec.containers[0].resources.limits[cpu]",
            "must be a quantity",
        ),
        (
            v1beta3("Pod", "p", spec={"volumes": [{"name": "v", "nfs": {}, "emptyDir": {}}]}),
            "spec.volumes[0].nfs",
            "must not be given, because spec.volumes[0] holds another already",
        ),
        (v1beta3("Service", "s", spec={"port": "http"}), "spec.port", "must be a number"),
        (v1beta3("Binding", "p", target={"kind": "Pod"}), "target.kind", "must be one of Node, Minion"),
    ],
)
def test_a_wrong_value_of_v1beta3_is_told_by_its_path(document: Any, path: str, description: str) -> None:
    problems = codec.decode(document).problems
    assert [problem.field for problem in problems] == [path]
    assert problems[0].description.startswith(description)


def test_words_of_another_version_are_unknown() -> None:
    assert sorted(codec.decode(v1beta3("Pod", "p", id="p", desiredState={})).unknown) == ["desiredState", "id"]
    assert codec.decode(pod({"env": [{"key": "A"}]}, apiVersion="v1beta2")).unknown == [f"{C}.env[0].key"]
    assert codec.decode(pod({"volumeMounts": [{"path": "/a"}]}, apiVersion="v1beta2")).unknown == [
        f"{C}.volumeMounts[0].path"
    ]


def test_version_and_kind_stand_in_where_a_document_has_none() -> None:
    bare = {"metadata": {"name": "p"}}
    read = codec.decode(bare, version=V1BETA3, form=V1BETA3.kinds["Pod"])
    assert (list(read.problems), list(read.unknown)) == ([], [])
    assert read.message == pod_pb2.Pod(metadata={"name": "p"})


def test_a_document_that_names_its_version_is_read_as_that() -> None:
    read = codec.decode({"apiVersion": "v1beta1", "id": "p"}, version=V1BETA3, form=V1BETA3.kinds["Pod"])
    assert (list(read.problems), list(read.unknown)) == ([], [])
    assert read.message == pod_pb2.Pod(metadata={"name": "p"})


def test_a_kind_that_a_version_calls_otherwise_is_found_by_either_name() -> None:
    for version in ("v1beta1", "v1beta2", "v1beta3"):
        for kind in ("Minion", "Node"):
            assert isinstance(codec.decode({"kind": kind, "apiVersion": version}).message, node_pb2.Node)


def test_all_problems_are_told_at_once() -> None:
    document = pod({"image": 1, "ports": 2}, id=3, apiVersion="v0")
    fields = [problem.field for problem in codec.decode(document).problems]
    assert fields == ["apiVersion", "id", f"{C}.image", f"{C}.ports"]


def test_what_is_right_is_read_beside_what_is_wrong() -> None:
    message = codec.decode(pod({"ports": [{"hostPort": "x"}, {"containerPort": 80}]})).message
    assert isinstance(message, pod_pb2.Pod)
    assert [port.container_port for port in message.spec.containers[0].ports] == [0, 80]


def test_unknown_keys_are_reported_and_not_lost_in_silence() -> None:
    document = pod({"comand": ["ls"], "ports": [{"hostport": 1, "PORT": 2}]}, metadata={"name": "x"}, spec=None)
    decoded = codec.decode(document)
    assert not decoded.problems
    assert sorted(decoded.unknown) == [f"{C}.comand", f"{C}.ports[0].PORT", "metadata", "spec"]


def test_a_key_that_is_no_resource_is_unknown() -> None:
    assert codec.decode(pod({"resources": {"limit": {"cpu": 1}}})).unknown == [f"{C}.resources.limit"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"always": {}}, pod_pb2.RESTART_POLICY_ALWAYS),
        ({"onFailure": {}, "never": {}}, pod_pb2.RESTART_POLICY_NEVER),
        ({"never": {}, "always": {}, "onfailure": {}}, pod_pb2.RESTART_POLICY_ALWAYS),
        ({"never": None}, pod_pb2.RESTART_POLICY_NEVER),
        ({"always": None, "never": {}}, pod_pb2.RESTART_POLICY_NEVER),
        ("OnFailure", pod_pb2.RESTART_POLICY_ON_FAILURE),
        ([{"OnFailure": {}}], pod_pb2.RESTART_POLICY_ON_FAILURE),
        (["Never"], pod_pb2.RESTART_POLICY_NEVER),
        ({}, pod_pb2.RESTART_POLICY_UNSPECIFIED),
        ("", pod_pb2.RESTART_POLICY_UNSPECIFIED),
        ([], pod_pb2.RESTART_POLICY_UNSPECIFIED),
    ],
)
def test_every_spelling_of_the_restart_policy_is_read(policy: Any, expected: int) -> None:
    decoded = codec.decode(pod(manifest={"restartPolicy": policy}))
    assert not decoded.problems
    assert isinstance(decoded.message, pod_pb2.Pod)
    assert decoded.message.spec.restart_policy == expected


def test_a_written_document_shares_nothing_with_the_next() -> None:
    message = codec.decode(pod()).message
    assert message is not None
    first = V1BETA1.encode(message)
    first["currentState"]["manifest"]["restartPolicy"]["never"] = {}
    first["desiredState"]["manifest"]["containers"][0]["resources"]["limits"] = {}
    first["desiredState"]["manifest"]["restartPolicy"]["never"] = {}
    assert V1BETA1.encode(message) != first
    assert codec.decode(V1BETA1.encode(message)).message == message


@pytest.mark.parametrize("value", ["c2VjcmV0c", "s3cr-t", "ünder", 7, None, ["c2VjcmV0"]])
def test_a_secrets_value_that_is_wrong_is_told_without_it(value: Any) -> None:
    secret = {"kind": "Secret", "apiVersion": "v1beta1", "id": "s", "data": {"good": "c2VjcmV0", "bad": value}}
    decoded = codec.decode(secret)
    assert [problem.field for problem in decoded.problems] == ["data[bad]"]
    assert str(value) not in decoded.problems[0].description
    assert isinstance(decoded.message, secret_pb2.Secret)
    assert dict(decoded.message.data) == {"good": b"secret"}
