"""The requests of each command of kubectl v0.14.2, one test for each command (v1beta1.md, 5.3)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.old_kubectl import API, OldKubectl, controller, pod, reread, service


@pytest.fixture
def kubectl(rest: str) -> Iterator[OldKubectl]:
    with OldKubectl(rest) as running:
        yield running


@pytest.fixture
def other(rest: str) -> Iterator[OldKubectl]:
    """A second one, of somebody else."""
    with OldKubectl(rest) as running:
        yield running


def test_get_pods(kubectl: OldKubectl, ns: str) -> None:
    for number in range(5):
        kubectl.post(f"/pods?namespace={ns}", pod(ns, f"pod-{number}", n=str(number)))
    found = kubectl.get(f"/pods?namespace={ns}")
    assert (found["kind"], len(found["items"])) == ("PodList", 5)
    item = found["items"][0]
    assert item["desiredState"]["manifest"]["containers"][0]["image"] == "nginx"
    assert item["currentState"]["status"] == "Waiting"
    assert item["labels"] == {"n": "0"}


def test_get_pods_by_label(kubectl: OldKubectl, ns: str) -> None:
    kubectl.post(f"/pods?namespace={ns}", pod(ns, "a", a="b"))
    kubectl.post(f"/pods?namespace={ns}", pod(ns, "b"))
    assert [each["id"] for each in kubectl.get(f"/pods?labels=a%3Db&namespace={ns}")["items"]] == ["a"]


def test_get_pod(kubectl: OldKubectl, ns: str) -> None:
    answer = kubectl.ask("GET", f"{API}/pods/x?namespace={ns}")
    assert (answer.status, answer.json["message"]) == (404, 'pods "x" not found')
    kubectl.post(f"/pods?namespace={ns}", pod(ns, "x"))
    assert kubectl.get(f"/pods/x?namespace={ns}")["id"] == "x"


def test_get_rc_and_watch(kubectl: OldKubectl, other: OldKubectl, ns: str) -> None:
    since = kubectl.get(f"/replicationControllers?namespace={ns}")["resourceVersion"]
    watch = kubectl.watch(f"/watch/replicationControllers?namespace={ns}&resourceVersion={since}")
    made = other.post(f"/replicationControllers?namespace={ns}", controller(ns, "web", 2, app="web"))
    assert json.loads(watch.readline()) == {"type": "ADDED", "object": made}


def test_get_one_rc_and_watch(kubectl: OldKubectl, other: OldKubectl, ns: str) -> None:
    kubectl.post(f"/replicationControllers?namespace={ns}", controller(ns, "web", 2, app="web"))
    since = kubectl.get(f"/replicationControllers/web?namespace={ns}")["resourceVersion"]
    watch = kubectl.watch(f"/watch/replicationControllers/web?namespace={ns}&resourceVersion={since}")
    other.post(f"/replicationControllers?namespace={ns}", controller(ns, "db", 1, app="db"))
    made = other.get(f"/replicationControllers/web?namespace={ns}")
    made["desiredState"]["replicas"] = 3
    put = other.put(f"/replicationControllers/web?namespace={ns}", reread(made))
    assert json.loads(watch.readline()) == {"type": "MODIFIED", "object": put}


def test_create(kubectl: OldKubectl, ns: str) -> None:
    objects = (
        ("pods", pod(ns, "podtest", a="b")),
        ("replicationControllers", controller(ns, "web", 2, app="web")),
        ("services", service(ns, "web", 80, app="web")),
    )
    for resource, document in objects:
        made = kubectl.ask("POST", f"{API}/{resource}?namespace={ns}", document)
        assert made.status == 201, made.body
        assert "Warning" not in made.headers
        assert made.json["id"] == document["id"]
        again = kubectl.ask("POST", f"{API}/{resource}?namespace={ns}", document)
        assert (again.status, again.json["reason"]) == (409, "AlreadyExists")


def test_update(kubectl: OldKubectl, ns: str) -> None:
    kubectl.post(f"/pods?namespace={ns}", pod(ns, "web"))
    version = kubectl.get(f"/pods/web?namespace={ns}")["resourceVersion"]
    document = pod(ns, "web", a="b") | {"resourceVersion": version}
    document["desiredState"]["manifest"]["containers"][0]["image"] = "nginx:2"
    put = kubectl.put(f"/pods/web?namespace={ns}", document)
    assert put["desiredState"]["manifest"]["containers"][0]["image"] == "nginx:2"
    assert put["resourceVersion"] > version


def test_update_with_a_patch(kubectl: OldKubectl, ns: str) -> None:
    kubectl.post(f"/pods?namespace={ns}", pod(ns, "web"))
    merged = reread(kubectl.get(f"/pods/web?namespace={ns}")) | {"labels": {"a": "b"}, "apiVersion": "v1beta1"}
    assert kubectl.put(f"/pods/web?namespace={ns}", merged)["labels"] == {"a": "b"}


def test_delete_by_file(kubectl: OldKubectl, ns: str) -> None:
    kubectl.post(f"/services?namespace={ns}", service(ns, "web", 80, app="web"))
    gone = kubectl.ask("DELETE", f"{API}/services/web?namespace={ns}")
    assert (gone.status, gone.json["status"]) == (200, "Success")
    missing = kubectl.ask("DELETE", f"{API}/services/web?namespace={ns}")
    assert (missing.status, missing.json["message"]) == (404, 'service "web" not found')


def test_delete_by_name(kubectl: OldKubectl, ns: str) -> None:
    kubectl.post(f"/pods?namespace={ns}", pod(ns, "x"))
    assert kubectl.get(f"/pods/x?namespace={ns}")["id"] == "x"
    assert kubectl.ask("DELETE", f"{API}/pods/x?namespace={ns}").json["id"] == "x"


def test_delete_by_label(kubectl: OldKubectl, ns: str) -> None:
    for name in ("a", "b"):
        kubectl.post(f"/pods?namespace={ns}", pod(ns, name, app="web"))
    for found in kubectl.get(f"/pods?labels=app%3Dweb&namespace={ns}")["items"]:
        assert kubectl.ask("DELETE", f"{API}/pods/{found['id']}?namespace={ns}").status == 200
    assert kubectl.get(f"/pods?namespace={ns}")["items"] == []


def test_log_and_exec_and_port_forward_find_the_node_of_the_pod(kubectl: OldKubectl, ns: str) -> None:
    kubectl.post(f"/pods?namespace={ns}", pod(ns, "x"))
    assert "host" not in kubectl.get(f"/pods/x?namespace={ns}")["currentState"]
    binding = {"kind": "Binding", "creationTimestamp": None, "apiVersion": "v1beta1", "podID": "x", "host": "node-1"}
    assert kubectl.post(f"/bindings?namespace={ns}", binding)["code"] == 201
    assert kubectl.get(f"/pods/x?namespace={ns}")["currentState"]["host"] == "node-1"


def test_describe_pod(kubectl: OldKubectl, ns: str) -> None:
    made = kubectl.post(f"/pods?namespace={ns}", pod(ns, "x", app="web"))
    about = {"kind": "Pod", "namespace": ns, "name": "x", "uid": made["uid"], "apiVersion": "v1beta1"}
    happened = {"kind": "Event", "apiVersion": "v1beta1", "id": "x.1", "involvedObject": about, "reason": "scheduled"}
    kubectl.post(f"/events?namespace={ns}", happened | {"source": "scheduler", "timestamp": "2015-01-08T11:52:15Z"})
    assert kubectl.get(f"/pods/x?namespace={ns}")["uid"] == made["uid"]
    terms = f"involvedObject.namespace%3D{ns}%2CinvolvedObject.uid%3D{made['uid']}%2CinvolvedObject.id%3Dx"
    (found,) = kubectl.get(f"/events?fields={terms}&namespace={ns}")["items"]
    assert (found["reason"], found["firstTimestamp"], found["count"]) == ("scheduled", "2015-01-08T11:52:15Z", 1)
    assert kubectl.get(f"/replicationControllers?namespace={ns}")["items"] == []


def test_describe_rc(kubectl: OldKubectl, ns: str) -> None:
    made = kubectl.post(f"/replicationControllers?namespace={ns}", controller(ns, "web", 2, app="web"))
    kubectl.post(f"/pods?namespace={ns}", pod(ns, "x", app="web"))
    assert kubectl.get(f"/replicationControllers/web?namespace={ns}")["currentState"]["replicas"] == 0
    assert len(kubectl.get(f"/pods?labels=app%3Dweb&namespace={ns}")["items"]) == 1
    terms = f"involvedObject.kind%3DReplicationController%2CinvolvedObject.uid%3D{made['uid']}"
    assert kubectl.get(f"/events?fields={terms}&namespace={ns}")["items"] == []


def test_describe_service(kubectl: OldKubectl, ns: str) -> None:
    kubectl.post(f"/services?namespace={ns}", service(ns, "web", 80, app="web"))
    assert kubectl.get(f"/services/web?namespace={ns}")["selector"] == {"app": "web"}
    assert kubectl.ask("GET", f"{API}/endpoints/web?namespace={ns}").status == 404
    assert kubectl.get(f"/events?fields=involvedObject.id%3Dweb&namespace={ns}")["items"] == []


def test_describe_minion(kubectl: OldKubectl, ns: str) -> None:
    kubectl.post("/minions", {"kind": "Minion", "id": ns, "creationTimestamp": None, "apiVersion": "v1beta1"})
    assert kubectl.get(f"/minions/{ns}")["id"] == ns
    kubectl.get("/pods?namespace=")
    assert kubectl.get(f"/events?fields=involvedObject.uid%3D{ns}")["items"] == []


def test_run_container(kubectl: OldKubectl, ns: str) -> None:
    made = kubectl.post(f"/replicationControllers?namespace={ns}", controller(ns, "web", 1, **{"run-container": "web"}))
    assert made["desiredState"]["replicaSelector"] == {"run-container": "web"}
    assert made["desiredState"]["podTemplate"]["labels"] == {"run-container": "web"}


def test_expose(kubectl: OldKubectl, ns: str) -> None:
    kubectl.post(f"/replicationControllers?namespace={ns}", controller(ns, "web", 1, app="web"))
    selector = kubectl.get(f"/replicationControllers/web?namespace={ns}")["desiredState"]["replicaSelector"]
    made = kubectl.post(f"/services?namespace={ns}&timeout=4m0s", service(ns, "web", 8000, **selector))
    assert (made["port"], made["containerPort"], made["selector"]) == (8000, 8000, {"app": "web"})


def test_resize(kubectl: OldKubectl, ns: str) -> None:
    path = f"/replicationControllers/web?namespace={ns}"
    kubectl.post(f"/replicationControllers?namespace={ns}", controller(ns, "web", 1, app="web"))
    found = reread(kubectl.get(path))
    found["desiredState"]["replicas"] = 3
    assert kubectl.put(path, found)["desiredState"]["replicas"] == 3
    late = kubectl.ask("PUT", API + path, found)
    assert (late.status, late.json["reason"]) == (409, "Conflict")


def test_rollingupdate(kubectl: OldKubectl, ns: str) -> None:
    many = f"/replicationControllers?namespace={ns}"
    old, new = (f"/replicationControllers/{name}?namespace={ns}" for name in ("old", "new"))
    kubectl.post(many, controller(ns, "old", 2, version="1"))
    kubectl.get(old)
    assert kubectl.ask("GET", API + new).status == 404
    annotations = {"kubernetes.io/update-source-id": "old", "kubernetes.io/desired-replicas": "2"}
    kubectl.post(many, controller(ns, "new", 0, version="2") | {"annotations": annotations})
    for step in (1, 2):
        for path, replicas in ((new, step), (old, 2 - step)):
            found = reread(kubectl.get(path))
            found["desiredState"]["replicas"] = replicas
            kubectl.put(path, found)
    assert kubectl.ask("DELETE", API + old).status == 200
    left = kubectl.get(many)["items"]
    assert [(each["id"], each["desiredState"]["replicas"], each["annotations"]) for each in left] == [
        ("new", 2, annotations)
    ]


def test_stop(kubectl: OldKubectl, ns: str) -> None:
    path = f"/replicationControllers/web?namespace={ns}"
    kubectl.post(f"/replicationControllers?namespace={ns}", controller(ns, "web", 2, app="web"))
    found = [kubectl.get(path) for _ in range(3)][-1]
    found["desiredState"]["replicas"] = 0
    kubectl.put(path, reread(found))
    found = kubectl.get(path)
    assert found["currentState"]["replicas"] == found["desiredState"]["replicas"] == 0
    assert kubectl.ask("DELETE", API + path).json["status"] == "Success"


def test_label(kubectl: OldKubectl, ns: str) -> None:
    made = pod(ns, "x", a="b", c="d")
    made["desiredState"]["manifest"]["terminationGracePeriodSeconds"] = 30
    kubectl.post(f"/pods?namespace={ns}", made)
    found = reread(kubectl.get(f"/pods/x?namespace={ns}"))
    found["labels"] = {"a": "changed", "new": "e"}
    put = kubectl.put(f"/pods/x?namespace={ns}", found)
    assert put["labels"] == {"a": "changed", "new": "e"}
    assert put["desiredState"]["manifest"]["terminationGracePeriodSeconds"] == 30


def test_version(kubectl: OldKubectl) -> None:
    answer = kubectl.ask("GET", "/version")
    assert answer.status == 200
    assert set(answer.json) == {"major", "minor", "gitVersion", "gitCommit", "gitTreeState"}


def test_apiversions(kubectl: OldKubectl) -> None:
    assert "v1beta1" in kubectl.ask("GET", "/api").json["versions"]


def test_clusterinfo(kubectl: OldKubectl, ns: str) -> None:
    labels = {"kubernetes.io/cluster-service": "true"}
    kubectl.post(f"/services?namespace={ns}", service(ns, "dns", 53, app="dns") | {"labels": labels})
    path = f"/services?labels=kubernetes.io%2Fcluster-service%3Dtrue&namespace={ns}"
    assert [each["id"] for each in kubectl.get(path)["items"]] == ["dns"]


def test_the_scheduler_and_the_kubelet_of_that_time_find_their_pods(
    kubectl: OldKubectl, other: OldKubectl, ns: str
) -> None:
    waiting = kubectl.watch(f"/watch/pods?fields=DesiredState.Host%3D&namespace={ns}&resourceVersion=0")
    other.post(f"/pods?namespace={ns}", pod(ns, "x"))
    assert json.loads(waiting.readline())["object"]["id"] == "x"
    binding = {"kind": "Binding", "creationTimestamp": None, "apiVersion": "v1beta1", "podID": "x", "host": "node-1"}
    other.post(f"/bindings?namespace={ns}", binding)
    assert json.loads(waiting.readline())["type"] == "DELETED"
    (found,) = other.get(f"/pods?fields=DesiredState.Host%3Dnode-1&namespace={ns}")["items"]
    found |= {"kind": "Pod", "apiVersion": "v1beta1"}
    found["currentState"] |= {"status": "Running", "podIP": "10.0.0.9"}
    put = other.put(f"/pods/x/status?namespace={ns}", reread(found))
    assert (put["currentState"]["status"], put["currentState"]["podIP"]) == ("Running", "10.0.0.9")
