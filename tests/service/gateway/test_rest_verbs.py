"""Every verb of every kind in every version, as a client from outside sees it (v1beta1.md, 4.2, 4.5 and 4.6)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.support import rest_documents
from tests.support.raw_http import Answer, ask
from tests.support.rest_documents import KINDS, VERSIONS, Told

EVERY = pytest.mark.parametrize(
    ("version", "told"),
    [
        pytest.param(version, told, id=f"{version}-{told.segment}")
        for version, told in itertools.product(VERSIONS, KINDS)
        if (version, told) != ("v1beta3", rest_documents.MINION)
    ],
)
PAGE_NOT_FOUND = (404, "text/plain; charset=utf-8", b"404: Page Not Found")
METHOD_NOT_ALLOWED = (405, "text/plain; charset=utf-8", b"405: Method Not Allowed")


def text_of(answer: Answer) -> tuple[int, str | None, bytes]:
    return answer.status, answer.media, answer.body


def metadata(version: str, document: Any) -> Any:
    return document["metadata"] if version == "v1beta3" else document


def failure(version: str, message: str, reason: str, code: int, name: str, kind: str) -> bytes:
    """Write a failure to the letter."""
    head = (
        '  "apiVersion": "v1beta3",\n  "metadata": {},\n'
        if version == "v1beta3"
        else f'  "creationTimestamp": null,\n  "apiVersion": "{version}",\n'
    )
    word = "name" if version == "v1beta3" else "id"
    quoted = message.replace('"', '\\"')
    return (
        f'{{\n  "kind": "Status",\n{head}  "status": "Failure",\n  "message": "{quoted}",\n  "reason": "{reason}",\n'
        f'  "details": {{\n    "{word}": "{name}",\n    "kind": "{kind}"\n  }},\n  "code": {code}\n}}\n'
    ).encode()


def make(rest: str, version: str, told: Told, ns: str) -> Any:
    made = ask(rest, "POST", told.many(version, ns), told.document(version, ns))
    assert made.status == 201, made.body
    return made.json


@EVERY
def test_what_is_posted_is_answered_with_201_and_found_again(rest: str, ns: str, version: str, told: Told) -> None:
    made = ask(rest, "POST", told.many(version, ns), told.document(version, ns))
    assert (made.status, made.media) == (201, "application/json")
    found = made.json
    assert (found["kind"], found["apiVersion"]) == (told.name(version), version)
    about = metadata(version, found)
    assert about["name" if version == "v1beta3" else "id"] == ns
    assert about.get("namespace") == (ns if told.namespaced else None)
    assert about["selfLink"] == told.one(version, ns, ns)
    assert type(about["resourceVersion"]) is (str if version == "v1beta3" else int)
    assert about["uid"]
    read = ask(rest, "GET", told.one(version, ns, ns))
    assert (read.status, read.media, read.body) == (200, "application/json", made.body)


@EVERY
def test_a_list_has_its_head_and_items_without_kind_and_version(rest: str, ns: str, version: str, told: Told) -> None:
    made = make(rest, version, told, ns)
    answer = ask(rest, "GET", told.many(version, ns))
    assert (answer.status, answer.media) == (200, "application/json")
    found = answer.json
    head = ["kind", "apiVersion", "metadata", "items"]
    if version != "v1beta3":
        head = ["kind", "creationTimestamp", "selfLink", "resourceVersion", "apiVersion", "items"]
        minions = told.kind == "Minion" and version == "v1beta1"
        head[-1:] = ["minions", "items"] if minions else ["items"]
        assert found.get("minions", found["items"]) == found["items"]
    assert list(found) == head
    assert found["kind"] == f"{told.name(version)}List"
    assert metadata(version, found)["selfLink"] == told.many(version, ns)
    assert int(metadata(version, found)["resourceVersion"]) >= int(metadata(version, made)["resourceVersion"])
    del made["kind"], made["apiVersion"]
    assert made in found["items"]
    assert len(found["items"]) == 1 or not told.namespaced


@EVERY
def test_a_put_of_what_was_read_is_answered_with_it(rest: str, ns: str, version: str, told: Told) -> None:
    made = make(rest, version, told, ns)
    metadata(version, made)["labels"] = {"key": "value"}
    put = ask(rest, "PUT", told.one(version, ns, ns), made)
    assert (put.status, put.media) == (200, "application/json"), put.body
    assert metadata(version, put.json)["labels"] == {"key": "value"}
    assert int(metadata(version, put.json)["resourceVersion"]) > int(metadata(version, made)["resourceVersion"])
    assert ask(rest, "GET", told.one(version, ns, ns)).body == put.body


@EVERY
def test_a_stale_put_is_in_conflict(rest: str, ns: str, version: str, told: Told) -> None:
    made = make(rest, version, told, ns)
    now = metadata(version, made)["resourceVersion"]
    metadata(version, made)["resourceVersion"] = type(now)(1)
    put = ask(rest, "PUT", told.one(version, ns, ns), made)
    why = f'{told.noun} "{ns}" cannot be updated: the resource was updated to {now}'
    assert (put.status, put.media) == (409, "application/json")
    assert put.body == failure(version, why, "Conflict", 409, ns, told.noun)


@EVERY
def test_a_patch_changes_what_it_says(rest: str, ns: str, version: str, told: Told) -> None:
    make(rest, version, told, ns)
    change: dict[str, Any] = {"labels": {"key": "value"}}
    patch = {"metadata": change} if version == "v1beta3" else change
    answer = ask(rest, "PATCH", told.one(version, ns, ns), patch)
    assert (answer.status, answer.media) == (200, "application/json"), answer.body
    assert metadata(version, answer.json)["labels"] == {"key": "value"}
    assert ask(rest, "GET", told.one(version, ns, ns)).body == answer.body


@EVERY
def test_a_deletion_is_answered_as_its_kind_has_it(rest: str, ns: str, version: str, told: Told) -> None:
    made = make(rest, version, told, ns)
    gone = ask(rest, "DELETE", told.one(version, ns, ns))
    assert (gone.status, gone.media) == (200, "application/json")
    if told.shows_deleted:
        assert gone.json["kind"] == told.name(version)
        assert metadata(version, gone.json)["uid"] == metadata(version, made)["uid"]
    elif version == "v1beta3":
        assert gone.json == {
            "kind": "Status",
            "apiVersion": "v1beta3",
            "metadata": {},
            "status": "Success",
            "code": 200,
        }
    else:
        assert gone.body == (
            b'{\n  "kind": "Status",\n  "creationTimestamp": null,\n  "apiVersion": "%s",\n'
            b'  "status": "Success",\n  "code": 200\n}\n' % version.encode()
        )
    if told.kind != "Namespace":
        assert ask(rest, "GET", told.one(version, ns, ns)).status == 404


@EVERY
def test_what_is_not_there_is_named(rest: str, ns: str, version: str, told: Told) -> None:
    for method in ("GET", "DELETE"):
        answer = ask(rest, method, told.one(version, ns, ns))
        expected = failure(version, f'{told.noun} "{ns}" not found', "NotFound", 404, ns, told.noun)
        assert (answer.status, answer.body) == (404, expected)
    assert ask(rest, "PATCH", told.one(version, ns, ns), {}).body == expected


@EVERY
def test_a_put_of_what_is_not_there_makes_endpoints_and_events(rest: str, ns: str, version: str, told: Told) -> None:
    put = ask(rest, "PUT", told.one(version, ns, ns), told.document(version, ns))
    assert put.status == (told.put_creates or 404), put.body
    if told.put_creates:
        assert put.body == ask(rest, "GET", told.one(version, ns, ns)).body


@EVERY
def test_a_name_that_is_taken_is_named(rest: str, ns: str, version: str, told: Told) -> None:
    make(rest, version, told, ns)
    again = ask(rest, "POST", told.many(version, ns), told.document(version, ns))
    why = f'{told.noun} "{ns}" already exists'
    assert (again.status, again.body) == (409, failure(version, why, "AlreadyExists", 409, ns, told.noun))


@EVERY
def test_what_is_invalid_is_named_by_its_kind(rest: str, ns: str, version: str, told: Told) -> None:
    document = told.document(version, ns, labels={"a b": "c"})
    answer = ask(rest, "POST", told.many(version, ns), document)
    assert (answer.status, answer.media) == (422, "application/json")
    said = answer.json
    kind = told.invalid or told.name(version)
    assert said["message"].startswith(f'{kind} "{ns}" is invalid: ')
    word, labels = ("name", "metadata.labels") if version == "v1beta3" else ("id", "labels")
    assert list(said["details"]) == [word, "kind", "causes"]
    assert (said["details"][word], said["details"]["kind"]) == (ns, kind)
    (cause,) = said["details"]["causes"]
    assert list(cause) == ["reason", "message", "field"]
    assert (cause["reason"], cause["field"]) == ("FieldValueInvalid", labels)
    assert cause["message"].startswith(f"{labels}: ")


@EVERY
def test_collections_may_end_in_a_slash_and_objects_may_not(rest: str, ns: str, version: str, told: Told) -> None:
    collection, query = told.collection(version, ns), told.query(version, ns)
    made = ask(rest, "POST", f"{collection}/{query}", told.document(version, ns))
    assert made.status == 201
    assert ask(rest, "GET", f"{collection}/{query}").json["items"]
    assert text_of(ask(rest, "GET", f"{collection}/{ns}/{query}")) == PAGE_NOT_FOUND


@EVERY
def test_case_is_kept(rest: str, ns: str, version: str, told: Told) -> None:
    word = told.word(version)
    for other in {word.upper(), word.capitalize(), word.lower(), word.removesuffix("s")} - {word}:
        assert text_of(ask(rest, "GET", f"/api/{version}/{other}")) == PAGE_NOT_FOUND
        assert text_of(ask(rest, "POST", f"/api/{version}/{other}", {})) == PAGE_NOT_FOUND


@EVERY
def test_other_methods_are_refused_in_text(rest: str, ns: str, version: str, told: Told) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        assert text_of(ask(rest, method, told.many(version, ns))) == METHOD_NOT_ALLOWED
    for method in ("POST", "OPTIONS"):
        assert text_of(ask(rest, method, told.one(version, ns, ns))) == METHOD_NOT_ALLOWED
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        path = told.collection(version, ns, watch=True) + told.query(version, ns)
        assert text_of(ask(rest, method, path)) == METHOD_NOT_ALLOWED


@EVERY
def test_a_head_is_a_get_without_its_body(rest: str, ns: str, version: str, told: Told) -> None:
    make(rest, version, told, ns)
    for path in (told.many(version, ns), told.one(version, ns, ns)):
        head, get = ask(rest, "HEAD", path), ask(rest, "GET", path)
        assert (head.status, head.body, head.media) == (200, b"", "application/json")
        assert int(head.headers["Content-Length"]) == int(get.headers["Content-Length"]) == len(get.body)
    assert ask(rest, "HEAD", told.one(version, ns, "none")).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/api/v9/pods",
        "/api/v1beta1",
        "/api/v1beta1/",
        "/api/v1beta1/ns",
        "/api/v1beta1/operations",
        "/api/v1beta1/persistentVolumes",
        "/api/v1beta1/componentstatuses",
        "/api/v1beta1/pods/a/b",
        "/api/v1beta1/pods/a/b/c",
        "/api/v1beta1/pods//",
        "/api/v1beta1//pods",
        "/api/v1beta1/services/a/status",
        "/api/v1beta1/watch",
        "/api/v1beta1/watch/watch/pods",
        "/api/v1beta1/watch/bindings",
        "/api/v1beta1/watch/pods/a/status",
        "/api/v1beta1/namespaces/a/pods",
        "/api/v1beta3/minions",
        "/api/v1beta3/namespaces//pods",
        "/api/v1beta3/namespaces/a/nodes",
        "/api/v1beta3/namespaces/a/pods/b/c",
        "/api/V1beta1/pods",
        "/api/v1beta1/p%6fds%2f",
    ],
)
def test_there_is_no_such_page(rest: str, path: str) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert text_of(ask(rest, method, path)) == PAGE_NOT_FOUND


def test_outside_of_the_api_every_path_lists_the_paths(rest: str) -> None:
    assert ask(rest, "GET", "/api").json == {"versions": ["v1beta1", "v1beta2", "v1beta3"]}
    for path in ("/", "/nothing", "/API/v1beta1/pods", "/operations"):
        answer = ask(rest, "GET", path)
        assert (answer.status, answer.media) == (200, "application/json")
        assert "/api/v1beta1" in answer.json["paths"]
    assert text_of(ask(rest, "POST", "/api")) == METHOD_NOT_ALLOWED


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2"])
def test_parts_of_objects_are_put_by_themselves(rest: str, ns: str, version: str) -> None:
    pods, quotas, spaces = rest_documents.POD, rest_documents.QUOTA, rest_documents.NAMESPACE
    pod = make(rest, version, pods, ns)
    pod["currentState"]["status"], pod["labels"] = "Running", {"not": "taken"}
    put = ask(rest, "PUT", f"{pods.collection(version, ns)}/{ns}/status?namespace={ns}", pod)
    assert put.status == 200, put.body
    assert (put.json["currentState"]["status"], "labels" in put.json) == ("Running", False)
    quota = make(rest, version, quotas, ns)
    quota["status"] = {"hard": {"pods": 10}, "used": {"pods": 3}}
    quota["spec"] = {"hard": {}}
    put = ask(rest, "PUT", f"{quotas.collection(version, ns)}/{ns}/status?namespace={ns}", quota)
    assert put.status == 200, put.body
    assert (put.json["status"]["used"], put.json["spec"]["hard"]) == ({"pods": 3}, {"pods": 10})
    space = make(rest, version, spaces, ns)
    assert (space["spec"]["finalizers"], space["status"]["phase"]) == (["kubernetes"], "Active")
    space["status"] = {"phase": "Terminating"}
    put = ask(rest, "PUT", f"{spaces.collection(version, ns)}/{ns}/status", space)
    assert put.status == 200, put.body
    assert put.json["status"] == {"phase": "Terminating"}
    finished = put.json | {"spec": {"finalizers": []}}
    put = ask(rest, "PUT", f"{spaces.collection(version, ns)}/{ns}/finalize", finished)
    assert put.status == 200, put.body
    assert not put.json["spec"].get("finalizers")


@pytest.mark.parametrize("part", ["pods/x/status", "resourceQuotas/x/status", "namespaces/x/finalize"])
def test_parts_have_no_other_methods(rest: str, part: str) -> None:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        assert text_of(ask(rest, method, f"/api/v1beta1/{part}")) == METHOD_NOT_ALLOWED


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("named", [True, False], ids=["below the pod", "as a collection"])
def test_a_binding_gives_a_pod_its_node(rest: str, ns: str, version: str, named: bool) -> None:
    pods = rest_documents.POD
    make(rest, version, pods, ns)
    collection = pods.collection(version, ns).removesuffix("pods") + "bindings"
    path = f"{pods.collection(version, ns)}/{ns}/binding" if named else collection
    query = pods.query(version, ns)

    def binding(node: str, name: str = ns) -> dict[str, Any]:
        head = {"kind": "Binding", "apiVersion": version}
        if version == "v1beta3":
            return head | {"metadata": {"name": name}, "target": {"kind": "Node", "name": node}}
        return head | {"podID": name, "host": node}

    bound = ask(rest, "POST", path + query, binding("node-1"))
    assert (bound.status, bound.json["status"], bound.json["code"]) == (201, "Success", 201)
    found = ask(rest, "GET", pods.one(version, ns, ns)).json
    assert (found["spec"] if version == "v1beta3" else found["desiredState"])["host"] == "node-1"
    other = ask(rest, "POST", path + query, binding("node-2"))
    word = "name" if version == "v1beta3" else "id"
    assert (other.status, other.json["reason"]) == (409, "Conflict")
    assert other.json["details"] == {word: ns, "kind": "binding"}
    nowhere = ask(rest, "POST", path + query, binding(""))
    assert (nowhere.status, nowhere.json["details"]["kind"]) == (422, "binding")
    (cause,) = nowhere.json["details"]["causes"]
    assert cause["field"] == ("target.name" if version == "v1beta3" else "host")
    lost = ask(rest, "POST", collection + query, binding("node-1", "none"))
    assert lost.body == failure(version, 'pod "none" not found', "NotFound", 404, "none", "pod")
    assert text_of(ask(rest, "GET", collection + query)) == METHOD_NOT_ALLOWED
