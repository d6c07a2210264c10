"""What becomes of manifests: the pods of a node, or complaints that are made once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from peapod.kubelet.sources.manifests import Origin, declared
from peapod.kubelet.sources.static_pods import StaticPods
from peapod.rules.mirror import SOURCE
from peapod.v1 import meta_pb2, pod_pb2

PLACE = "/manifests/web.yaml"
ORIGIN = Origin("file", "n1.example")


def manifest(name: str = "web", image: str = "peapod-test/web:1", **fields: Any) -> dict[str, Any]:
    return {"version": "v1beta2", "id": name, "containers": [{"name": "main", "image": image}], **fields}


def pod(name: str = "web", **fields: Any) -> dict[str, Any]:
    state = {"manifest": {"version": "v1beta2", "containers": [{"name": "main", "image": "peapod-test/web:1"}]}}
    return {"kind": "Pod", "apiVersion": "v1beta1", "id": name, "desiredState": state, **fields}


def read(document: object, place: str = PLACE, origin: Origin = ORIGIN) -> tuple[pod_pb2.Pod, tuple[str, ...]]:
    (found,) = declared(json.dumps(document), ".json", place, origin)
    return found.pod, found.wrong


class Events:
    def __init__(self) -> None:
        self.told: list[tuple[str, str, str, str]] = []

    def record(self, about: meta_pb2.ObjectReference, reason: str, message: str) -> None:
        self.told.append((about.kind, about.name, reason, message))


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def pods(events: Events) -> StaticPods:
    return StaticPods(ORIGIN, events.record)


def named(pods: StaticPods) -> dict[str, str]:
    """The image of each pod."""
    return {one.metadata.name: one.spec.containers[0].image for one in pods.pods().values()}


@pytest.mark.parametrize("document", [manifest(), pod()])
def test_a_manifest_has_a_name_and_a_place_of_its_own_on_its_node(document: dict[str, Any]) -> None:
    made, wrong = read(document)
    assert wrong == ()
    assert (made.metadata.name, made.metadata.namespace, made.spec.node_name) == ("web-n1", "default", "n1.example")
    assert made.metadata.annotations[SOURCE] == "file"
    assert made.spec.restart_policy == pod_pb2.RESTART_POLICY_ALWAYS
    assert made.spec.containers[0].image_pull_policy == pod_pb2.PULL_POLICY_IF_NOT_PRESENT


def test_the_uid_is_the_given_one_or_hangs_on_node_place_and_pod() -> None:
    assert read(manifest(uuid="1234"))[0].metadata.uid == "1234"
    assert read(pod(uid="1234"))[0].metadata.uid == "1234"
    here = read(manifest())[0].metadata.uid
    assert read(manifest())[0].metadata.uid == here
    others = [
        read(manifest(), "/elsewhere.yaml"),
        read(manifest(), origin=Origin("file", "n2")),
        read(manifest(image="peapod-test/web:2")),
    ]
    assert len({here, *(made.metadata.uid for made, _ in others)}) == 4


def test_a_manifest_without_a_name_is_called_by_its_uid() -> None:
    made, wrong = read(manifest(""))
    assert (made.metadata.name, wrong) == (f"{made.metadata.uid}-n1", ())


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        (manifest(containers=[{"name": "net"}]), ["containers[0].name", "containers[0].image"]),
        (manifest(containers=None), ["containers"]),
        (manifest("Web"), ["id"]),
        (manifest(uuid="../../etc"), ["uuid"]),
        (manifest(cpu=3), ["cpu"]),
        (manifest(version="v2"), ["version"]),
        (pod(namespace="other"), ["namespace"]),
        (pod(desiredState={"manifest": pod()["desiredState"]["manifest"], "host": "n2"}), ["desiredState.host"]),
        (pod(annotations={"kubernetes.io/config.mirror": "x"}), ["annotations[kubernetes.io/config.mirror]"]),
        ({"kind": "Minion", "apiVersion": "v1beta1", "id": "n"}, ["kind"]),
        ("web", [""]),
    ],
)
def test_every_wrong_field_is_named_in_the_words_of_the_file(document: object, wrong: list[str]) -> None:
    found = [line.partition(": ")[0] if ": " in line else "" for line in read(document)[1]]
    assert found == wrong


def test_privileged_containers_need_a_word_of_the_node() -> None:
    document = manifest(containers=[{"name": "main", "image": "x", "privileged": True}])
    (refused,) = read(document)[1]
    assert refused.startswith("containers[0].privileged: is not allowed here: the kubelet")
    assert read(document, origin=Origin("file", "n1", allow_privileged=True))[1] == ()


def test_one_text_may_hold_several_pods(pods: StaticPods) -> None:
    pods.take(PLACE, json.dumps([manifest("a"), pod("b")]) + json.dumps({"kind": "PodList", "items": []}))
    assert set(named(pods)) == {"a-n1", "b-n1"}
    assert pods.complete


def test_what_is_wrong_is_dropped_and_told_once_while_the_others_run(pods: StaticPods, events: Events) -> None:
    pods.take("bad.json", json.dumps(manifest("bad", image="")))
    pods.take("good.json", json.dumps(manifest("good")))
    for _ in range(2):
        assert set(named(pods)) == {"good-n1"}
    message = "bad.json: containers[0].image: is required"
    assert events.told == [("Pod", "bad-n1", "failedValidation", message)]
    pods.take("bad.json", json.dumps(manifest("bad")))
    assert set(named(pods)) == {"bad-n1", "good-n1"}


def test_of_two_of_one_name_or_uid_the_first_is_taken(pods: StaticPods, events: Events) -> None:
    pods.take("b.json", json.dumps(manifest("web", "second:1")))
    pods.take("a.json", json.dumps(manifest("web", "first:1", uuid="1234")))
    pods.take("c.json", json.dumps(manifest("other", uuid="1234")))
    assert named(pods) == {"web-n1": "first:1"}
    assert [name for _, name, _, _ in events.told] == ["other-n1", "web-n1"]
    assert events.told[1][3] == "b.json: web-n1 is there already, as one of a.json"
    pods.keep_only({"b.json"})
    assert named(pods) == {"web-n1": "second:1"}


def test_two_of_one_name_in_one_text(pods: StaticPods, events: Events) -> None:
    pods.take(PLACE, json.dumps([manifest("web", "first:1"), manifest("web", "second:1")]))
    assert named(pods) == {"web-n1": "first:1"}
    assert len(events.told) == 1


def test_a_pod_of_a_source_before_counts_first(pods: StaticPods, events: Events) -> None:
    later = StaticPods(Origin("http", "n1"), events.record, pods.pods)
    later.take("http://127.0.0.1/", json.dumps(manifest("web", "second:1")))
    assert set(named(later)) == {"web-n1"}
    pods.take(PLACE, json.dumps(manifest("web", "first:1")))
    assert (named(pods), named(later)) == ({"web-n1": "first:1"}, {})


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(manifest())[:40],
        "version: v1beta2\nid: web\ncontainers:\n- name: ma",
        "version: v1be",
        "kind: Po",
        "{",
    ],
)
def test_a_text_that_breaks_off_changes_nothing(pods: StaticPods, events: Events, text: str) -> None:
    pods.take(PLACE, json.dumps(manifest()))
    before = pods.pods()
    pods.take(PLACE, text, ".yaml")
    assert pods.pods() == before
    assert [reason for _, _, reason, _ in events.told] == ["failedValidation"]
    pods.take(PLACE, json.dumps(manifest(image="new:1")))
    assert named(pods) == {"web-n1": "new:1"}


def test_a_place_that_cannot_be_read_keeps_its_pods_and_is_told_once_until_it_can(
    pods: StaticPods, events: Events
) -> None:
    pods.take(PLACE, json.dumps(manifest()))
    for _ in range(2):
        pods.keep(PLACE, "permission denied")
        assert set(named(pods)) == {"web-n1"}
    assert events.told == [("Node", "n1.example", "failedValidation", f"{PLACE}: permission denied")]
    pods.take(PLACE, json.dumps(manifest()))
    named(pods)
    pods.keep(PLACE, "permission denied")
    named(pods)
    assert len(events.told) == 2


def test_nothing_is_known_of_a_place_before_it_was_read(pods: StaticPods) -> None:
    pods.take("good.json", json.dumps(manifest()))
    pods.keep("bad.json", "permission denied")
    assert not pods.complete
    pods.take("bad.json", "")
    assert pods.complete


def test_what_has_not_changed_stays_the_same_object(pods: StaticPods) -> None:
    pods.take(PLACE, json.dumps([manifest("a"), manifest("b", uuid="b")]))
    before = {pod.metadata.name: pod for pod in pods.pods().values()}
    pods.take(PLACE, json.dumps([manifest("a"), manifest("b", "new:1", uuid="b")]))
    after = {pod.metadata.name: pod for pod in pods.pods().values()}
    assert after["a-n1"] is before["a-n1"]
    assert after["b-n1"] is not before["b-n1"]
