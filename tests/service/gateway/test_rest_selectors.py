"""Selectors in queries, as the chapter writes them and as each version names its fields (v1beta1.md, 3 and 4.4)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.support.raw_http import ask
from tests.support.rest_documents import CONTROLLER, EVENT, KINDS, NAMESPACE, POD, VERSIONS, Told, pod

API = "/api/v1beta1"
LABELS = {
    "one": {"key1": "value1"},
    "both": {"key1": "value1", "key2": "value3"},
    "other": {"key1": "other", "key2": "value2"},
    "second": {"key": "x", "key2": "value9"},
    "bare": {},
}


@pytest.fixture
def labelled(rest: str, ns: str) -> str:
    """A namespace with a pod for each of the labels."""
    for name, labels in LABELS.items():
        assert ask(rest, "POST", f"{API}/pods?namespace={ns}", pod(name, labels=labels)).status == 201
    return ns


def names(rest: str, path: str) -> list[str]:
    answer = ask(rest, "GET", path)
    assert answer.status == 200, answer.body
    return sorted(item["metadata"]["name"] if "metadata" in item else item["id"] for item in answer.json["items"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("labels=key1%3Dvalue1", ["both", "one"]),
        ("labels=key1%3Dvalue1,key2%3Dvalue2", []),
        ("labels=key1+in+%28value1%2Cvalue2%29%2Ckey2+notin+%28value3%29", ["one"]),
        ("labels=key1=value1", ["both", "one"]),
        ("labels=key1%3D%3Dvalue1", ["both", "one"]),
        ("labels=key1%20in%20(value1,other)", ["both", "one", "other"]),
        ("labels=key1", ["both", "one", "other"]),
        ("labels=key1%2Ckey2", ["both", "other"]),
        ("labels=key1%21%3Dvalue1", ["bare", "other", "second"]),
        ("labels=key1+notin+%28value1%29", ["bare", "other", "second"]),
        ("labels=", ["bare", "both", "one", "other", "second"]),
        ("labels=key1%3D", []),
        ("labels=nothing", []),
        ("labels=key1%3Dvalue1&labels=key1%3Dother", ["both", "one"]),
        ("labels=key1%3Dvalue1&fields=name%3Dboth", ["both"]),
        ("fields=name%21%3Dboth&labels=key1%3Dvalue1", ["one"]),
    ],
)
def test_labels_select(rest: str, labelled: str, query: str, found: list[str]) -> None:
    assert names(rest, f"{API}/pods?namespace={labelled}&{query}") == found
    nested = query.replace("labels=", "labelSelector=").replace("fields=", "fieldSelector=")
    assert names(rest, f"/api/v1beta3/namespaces/{labelled}/pods?{nested}") == found


@pytest.mark.parametrize("told", KINDS, ids=lambda told: told.segment)
def test_labels_and_names_select_of_every_kind(rest: str, ns: str, told: Told) -> None:
    for name in (f"{ns}-a", f"{ns}-b"):
        document = told.document("v1beta1", name, labels={"name": name})
        assert ask(rest, "POST", told.many("v1beta1", ns), document).status == 201
    sign = "&" if told.query("v1beta1", ns) else "?"
    many = told.many("v1beta1", ns) + sign
    assert names(rest, f"{many}labels=name%3D{ns}-b") == [f"{ns}-b"]
    assert names(rest, f"{many}fields=name%3D{ns}-b") == [f"{ns}-b"]
    assert names(rest, f"{many}labels=name&fields=name%21%3D{ns}-b%2Cname%3D{ns}-a") == [f"{ns}-a"]
    refused = ask(rest, "GET", f"{many}fields=colour%3Dred")
    assert (refused.status, refused.json["reason"]) == (400, "BadRequest")
    assert refused.json["message"] == f"{told.segment} cannot be selected by colour"


@pytest.mark.parametrize("version", VERSIONS)
def test_pods_are_selected_by_node_and_phase_in_the_words_of_the_version(rest: str, ns: str, version: str) -> None:
    host, status, waiting, failed = {
        "v1beta3": ("spec.host", "status.phase", "Pending", "Failed"),
    }.get(version, ("DesiredState.Host", "DesiredState.Status", "Waiting", "Terminated"))
    for name in ("bound", "free"):
        assert ask(rest, "POST", POD.many(version, ns), POD.document(version, name)).status == 201
    binding = {"kind": "Binding", "apiVersion": "v1beta1", "podID": "bound", "host": "node-1"}
    assert ask(rest, "POST", f"{API}/bindings?namespace={ns}", binding).status == 201
    found = ask(rest, "GET", f"{API}/pods/bound?namespace={ns}").json
    found["currentState"]["status"] = "Terminated"
    assert ask(rest, "PUT", f"{API}/pods/bound/status?namespace={ns}", found).status == 200
    sign = "&" if POD.query(version, ns) else "?"
    word = "fieldSelector" if version == "v1beta3" else "fields"

    def select(text: str) -> list[str]:
        return names(rest, f"{POD.many(version, ns)}{sign}{word}={quote(text)}")

    assert select(f"{host}=") == ["free"]
    assert select(f"{host}!=") == ["bound"]
    assert select(f"{host}=node-1") == ["bound"]
    assert select(f"{host.lower()}=node-1,name=bound") == ["bound"]
    assert select(f"{status}={waiting}") == ["free"]
    assert select(f"{status}={failed}") == ["bound"]
    assert select(f"{status}=Nonsense") == []


def event(name: str, /, **about: str) -> dict[str, Any]:
    return EVENT.document("v1beta1", name) | {"involvedObject": about} | {"source": f"source-{name}", "reason": name}


def test_events_are_selected_by_what_they_are_about(rest: str, ns: str) -> None:
    first = {"kind": "Pod", "namespace": ns, "name": "p1", "uid": "u1", "apiVersion": "v1beta1", "resourceVersion": "7"}
    for made in (event("a", **first), event("b", kind="Service", namespace=ns, name="p1", fieldPath="spec")):
        assert ask(rest, "POST", f"{API}/events?namespace={ns}", made).status == 201
    for field, value in {
        "involvedObject.kind": "Pod",
        "involvedObject.uid": "u1",
        "involvedObject.apiVersion": "v1beta1",
        "involvedObject.resourceVersion": "7",
        "reason": "a",
        "source": "source-a",
    }.items():
        assert names(rest, f"{API}/events?namespace={ns}&fields={quote(f'{field}={value}')}") == ["a"]
    both = f"involvedObject.namespace={ns},involvedObject.id=p1"
    assert names(rest, f"{API}/events?namespace={ns}&fields={quote(both)}") == ["a", "b"]
    assert names(rest, f"{API}/events?fields={quote(both + ',involvedObject.fieldPath=spec')}") == ["b"]
    nested = f"/api/v1beta3/namespaces/{ns}/events?fieldSelector={quote('involvedObject.name=p1,reason=b')}"
    assert names(rest, nested) == ["b"]
    assert ask(rest, "GET", f"/api/v1beta3/events?fieldSelector={quote('involvedObject.id=p1')}").status == 400


def test_controllers_and_namespaces_have_fields_of_their_own(rest: str, ns: str) -> None:
    assert ask(rest, "POST", CONTROLLER.many("v1beta1", ns), CONTROLLER.document("v1beta1", "a")).status == 201
    many = CONTROLLER.many("v1beta1", ns)
    assert names(rest, f"{many}&fields=currentState.replicas%3D0") == ["a"]
    assert names(rest, f"{many}&fields=currentState.replicas%3D1") == []
    nested = CONTROLLER.many("v1beta3", ns)
    assert names(rest, f"{nested}?fieldSelector=status.replicas%3D0") == ["a"]
    assert ask(rest, "POST", NAMESPACE.many("v1beta1", ns), NAMESPACE.document("v1beta1", ns)).status == 201
    assert ns in names(rest, f"{API}/namespaces?fields=status.phase%3DActive")
    assert ns not in names(rest, f"{API}/namespaces?fields=status.phase%3DTerminating")


@pytest.mark.parametrize(
    "query",
    ["labels=key+in+%28a", "labels=%21key", "labels=a%2C", "labels=A_b+in", "fields=name", "fields=name%3Da%2C"],
)
def test_a_selector_that_is_none_is_refused_with_400(rest: str, query: str) -> None:
    answer = ask(rest, "GET", f"{API}/pods?{query}")
    assert (answer.status, answer.json["reason"]) == (400, "BadRequest")
    assert "details" not in answer.json
