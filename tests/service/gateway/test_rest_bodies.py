"""Bodies, right and wrong, as clients from outside send them (v1beta1.md, 1.0, 4.3, 4.6, 4.7 and 4.9)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.raw_http import Answer, ask
from tests.support.rest_documents import CONTROLLER, ENDPOINTS, EVENT, MANIFEST, POD, QUOTA, SECRET, SERVICE, pod

PODS = "/api/v1beta1/pods"


def bad(answer: Answer) -> str:
    """Hold an answer to be the one of a request that cannot be understood, and return its message."""
    said = answer.json
    assert (answer.status, answer.media, said["code"], said["reason"]) == (400, "application/json", 400, "BadRequest")
    keys = ["kind", "creationTimestamp", "apiVersion", "status", "message", "reason", "code"]
    assert [key for key in said if key != "details"] == keys
    message: str = said["message"]
    return message


def causes(answer: Answer) -> dict[str, str]:
    return {cause["field"]: cause["reason"] for cause in answer.json["details"]["causes"]}


def post(rest: str, ns: str, body: Any, query: str = "") -> Answer:
    return ask(rest, "POST", f"{PODS}?namespace={ns}{query}", body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "the body is empty; it must be a JSON object"),
        (b" \n", "the body is empty; it must be a JSON object"),
        (b"nonsense", "the body is not JSON: line 1 column 1: expecting value"),
        (b'{"id": "a",}', "the body is not JSON: line 1 column 12: "),
        (b"id: a", "the body is not JSON: line 1 column 1: expecting value"),
        (b"[]", "the body must be a JSON object"),
        (b'"a"', "the body must be a JSON object"),
        (b"null", "the body must be a JSON object"),
        (b"{} {}", "the body holds several documents; send them one by one"),
        (b'{"a": NaN}', "the body is not JSON: NaN is not JSON"),
        (b'{"a": -Infinity}', "the body is not JSON: -Infinity is not JSON"),
        (b'{"id": "a", "id": "b"}', 'the body is not JSON: the key "id" is given twice in one object'),
        (b'{"id": "\xff"}', "the body is not UTF-8: byte 8"),
        (b'{"a": ' * 100_000, "the body is not JSON: lists and objects are nested too deeply"),
        (
            b'{"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
            "the body is not JSON: lists and objects are nested too deepl",
        ),
        (b'{"a": ' + b"9" * 5_000 + b"}", "the body is not JSON: a number has too many digits"),
        (b'{"kind": "\\ud800", "apiVersion": "v1beta1"}', "the body cannot be read: kind: must be one of Pod, "),
        (b'{"kind": "Pod", "apiVersion": "\\udfff"}', "the body cannot be read: apiVersion: must be one of v1beta1, "),
        (b'{"id": "\\ud800"}', "the body cannot be read: id: must be Unicode text; half of a surrogate pair is not"),
        (b'{"labels": {"\\ud800": "a"}}', "the body cannot be read: labels[?]: must be Unicode text; "),
        (b'{"kind": 7}', "the body cannot be read: kind: must be text, not a number"),
        (
            b'{"kind": "Pod", "apiVersion": "v9"}',
            "the body cannot be read: apiVersion: must be one of v1beta1, v1beta2, ",
        ),
        (b'{"kind": "Nothing"}', "the body cannot be read: kind: must be one of Pod, "),
        (b'{"kind": "Service"}', "the body is a Service; pods are made of a Pod"),
        (b'{"kind": "PodList", "items": []}', "the body is a PodList; send the objects in it one by one"),
        (
            b'{"id": 7, "labels": []}',
            "the body cannot be read: id: must be text, not a number (put it in quotes); labels: must be an object",
        ),
    ],
)
def test_a_body_that_cannot_be_understood_is_refused_with_400(rest: str, ns: str, body: bytes, why: str) -> None:
    made = post(rest, ns, body)
    assert bad(made).startswith(why)
    assert ask(rest, "GET", f"{PODS}?namespace={ns}").json["items"] == []
    put = ask(rest, "PUT", f"{PODS}/a?namespace={ns}", body)
    assert bad(put).startswith(why)


def test_all_that_is_wrong_with_the_words_of_a_body_is_named_by_its_place(rest: str, ns: str) -> None:
    manifest = {"containers": [{"name": 1, "image": "i", "ports": [{"containerPort": "x"}]}], "restartPolicy": "never?"}
    answer = post(rest, ns, pod("a", labels={"a": 1}) | {"desiredState": {"manifest": manifest}})
    bad(answer)
    places = "desiredState.manifest."
    assert set(causes(answer)) == {
        "labels[a]",
        f"{places}containers[0].name",
        f"{places}containers[0].ports[0].containerPort",
        f"{places}restartPolicy",
    }


def test_all_that_breaks_a_rule_is_named_at_once_in_the_words_of_the_version(rest: str, ns: str) -> None:
    flat = {"containers": [{"name": "B", "ports": [{"containerPort": 70000}]}]}
    answer = post(rest, ns, pod("A") | {"desiredState": {"manifest": flat}})
    assert answer.status == 422
    assert causes(answer) == {
        "id": "FieldValueInvalid",
        "desiredState.manifest.containers[0].name": "FieldValueInvalid",
        "desiredState.manifest.containers[0].image": "FieldValueRequired",
        "desiredState.manifest.containers[0].ports[0].containerPort": "FieldValueInvalid",
    }
    assert answer.json["message"].startswith('Pod "A" is invalid: [id: ')
    nested = {"kind": "Pod", "apiVersion": "v1beta3", "metadata": {"name": "A"}, "spec": {"containers": []}}
    answer = ask(rest, "POST", f"/api/v1beta3/namespaces/{ns}/pods", nested)
    assert set(causes(answer)) == {"metadata.name", "spec.containers"}


def test_a_bad_secret_and_a_bad_quantity_are_named(rest: str, ns: str) -> None:
    query = f"?namespace={ns}"
    secret = ask(rest, "POST", f"/api/v1beta1/secrets{query}", {"id": "a", "data": {"key": "???"}})
    assert bad(secret).startswith("the body cannot be read: data[key]: ")
    quota = ask(rest, "POST", f"/api/v1beta1/resourceQuotas{query}", {"id": "a", "spec": {"hard": {"pods": "many"}}})
    assert "pods" in bad(quota)
    nested = QUOTA.document("v1beta3", "a") | {"spec": {"hard": {"pods": "many"}}}
    assert "pods" in ask(rest, "POST", f"/api/v1beta3/namespaces/{ns}/resourcequotas", nested).json["message"]


def test_an_unknown_field_is_warned_of_and_is_an_error_where_the_client_is_strict(rest: str, ns: str) -> None:
    document = pod("a", fish=1, **{'say "hi"\r\nSet-Cookie: a': 2}, ü=3)
    made = post(rest, ns, document)
    assert made.status == 201
    assert made.headers.get_all("Warning") == [
        '299 peapod "unknown field fish"',
        '299 peapod "unknown field say ?hi???Set-Cookie: a"',
        '299 peapod "unknown field ?"',
    ]
    assert "Set-Cookie" not in made.headers
    refused = post(rest, ns, pod("b", fish=1), "&strict=true")
    assert bad(refused) == "the body cannot be read: fish: unknown field"
    assert causes(refused) == {"fish": "FieldValueNotSupported"}
    assert post(rest, ns, pod("b", fish=1), "&strict=false").status == 201
    many = post(rest, ns, pod("c") | {f"fish-{number}": 1 for number in range(1000)})
    assert len(many.headers.get_all("Warning") or ()) == 21


def test_bindings_and_options_warn_of_unknown_fields_as_well(rest: str, ns: str) -> None:
    post(rest, ns, pod("a"))
    binding = {"kind": "Binding", "apiVersion": "v1beta1", "podID": "a", "host": "n1", "fish": 1}
    path = f"/api/v1beta1/bindings?namespace={ns}"
    refused = ask(rest, "POST", f"{path}&strict=true", binding)
    assert causes(refused) == {"fish": "FieldValueNotSupported"}
    bound = ask(rest, "POST", path, binding)
    assert (bound.status, bound.headers["Warning"]) == (201, '299 peapod "unknown field fish"')
    options = {"kind": "DeleteOptions", "apiVersion": "v1beta1", "gracePeriodSeconds": 1, "fish": 1}
    path = f"{PODS}/a?namespace={ns}"
    assert causes(ask(rest, "DELETE", f"{path}&strict=true", options)) == {"fish": "FieldValueNotSupported"}
    gone = ask(rest, "DELETE", path, options)
    assert (gone.status, gone.headers["Warning"]) == (200, '299 peapod "unknown field fish"')


def test_keys_are_read_in_any_case_and_written_in_theirs(rest: str, ns: str) -> None:
    document = {"KIND": "Pod", "ApiVersion": "v1beta1", "ID": "a", "DesiredState": {"Manifest": {"Containers": []}}}
    document["DesiredState"]["Manifest"]["Containers"] = [{"NAME": "c", "Image": "i"}]  # type: ignore[index]
    made = post(rest, ns, document)
    assert made.status == 201
    assert "Warning" not in made.headers
    assert made.json["desiredState"]["manifest"]["containers"][0]["name"] == "c"


def test_kind_and_version_may_be_left_out_and_may_be_of_another_version(rest: str, ns: str) -> None:
    assert post(rest, ns, {"id": "a", "desiredState": {"manifest": MANIFEST}}).json["apiVersion"] == "v1beta1"
    assert post(rest, ns, POD.document("v1beta2", "b")).json["apiVersion"] == "v1beta1"
    assert post(rest, ns, POD.document("v1beta3", "c")).json["id"] == "c"
    node = ask(rest, "POST", "/api/v1beta1/minions", {"kind": "Node", "apiVersion": "v1beta1", "id": ns})
    assert (node.status, node.json["kind"]) == (201, "Minion")


def test_a_generated_name_is_drawn(rest: str, ns: str) -> None:
    document = pod("", generateName="web-")
    names = {post(rest, ns, document).json["id"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("web-") and len(name) == len("web-") + 5 for name in names)
    long = post(rest, ns, pod("", generateName="a" * 100))
    assert (long.status, len(long.json["id"])) == (201, 63)


def test_a_namespace_is_taken_from_the_request_where_the_body_has_none(rest: str, ns: str) -> None:
    assert post(rest, ns, pod("a")).json["namespace"] == ns
    assert post(rest, ns, pod("b", namespace=ns)).status == 201
    wrong = post(rest, ns, pod("c", namespace="other"))
    assert bad(wrong) == f'the namespace in the body is "other", and in the URL "{ns}"'
    assert ask(rest, "POST", PODS, pod(ns)).json["namespace"] == "default"
    assert ask(rest, "GET", f"{PODS}/{ns}").json["namespace"] == "default"
    assert ask(rest, "GET", f"{PODS}/{ns}?namespace=default").status == 200
    assert ask(rest, "DELETE", f"{PODS}/{ns}").status == 200


def test_an_empty_namespace_is_all_of_them_for_lists_and_none_for_anything_else(rest: str, ns: str) -> None:
    post(rest, ns, pod("a"))
    post(rest, f"{ns}-b", pod("a"))
    for query in ("", "?namespace="):
        listed = ask(rest, "GET", PODS + query).json
        assert {ns, f"{ns}-b"} <= {item["namespace"] for item in listed["items"]}
        assert listed["selfLink"] == f"{PODS}?namespace="
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = None if method in ("GET", "DELETE") else pod("a")
        assert bad(ask(rest, method, f"{PODS}/a?namespace=", body)) == "Namespace parameter required."
    made = ask(rest, "POST", f"{PODS}?namespace=", pod("z"))
    assert (made.status, causes(made)) == (422, {"namespace": "FieldValueRequired"})
    assert made.json["message"] == 'Pod "z" is invalid: namespace: is required'


def test_where_nothing_lives_in_namespaces_they_are_passed_over(rest: str, ns: str) -> None:
    made = ask(rest, "POST", "/api/v1beta1/minions?namespace=any", {"id": ns, "namespace": "other"})
    assert (made.status, "namespace" in made.json) == (201, False)
    assert ask(rest, "GET", f"/api/v1beta1/nodes/{ns}?namespace=").json["selfLink"] == f"/api/v1beta1/nodes/{ns}"
    assert ask(rest, "GET", f"/api/v1beta1/minions/{ns}").json["selfLink"] == f"/api/v1beta1/minions/{ns}"


def test_a_put_is_judged_in_the_order_of_its_time(rest: str, ns: str) -> None:
    path = f"{PODS}/a?namespace={ns}"
    wrong_name = ask(rest, "PUT", path, pod("b", resourceVersion=1))
    assert bad(wrong_name) == 'the name in the body is "b", and in the URL "a"'
    broken = pod("a", resourceVersion=1) | {"desiredState": {"manifest": {"containers": []}}}
    assert ask(rest, "PUT", path, broken).status == 404
    made = post(rest, ns, pod("a")).json
    assert ask(rest, "PUT", path, broken).status == 409
    broken["resourceVersion"] = made["resourceVersion"]
    assert ask(rest, "PUT", path, broken).status == 422
    fine = pod("", resourceVersion=made["resourceVersion"], labels={"a": "b"})
    put = ask(rest, "PUT", path, fine)
    assert (put.status, put.json["uid"]) == (200, made["uid"])
    assert put.json["creationTimestamp"] == made["creationTimestamp"]


@pytest.mark.parametrize("told", [POD, CONTROLLER, ENDPOINTS, EVENT, SECRET, QUOTA], ids=lambda told: told.segment)
def test_a_put_without_a_version_is_in_conflict_with_what_is_there(rest: str, ns: str, told: Any) -> None:
    ask(rest, "POST", told.many("v1beta1", ns), told.document("v1beta1", "a"))
    put = ask(rest, "PUT", told.one("v1beta1", ns, "a"), told.document("v1beta1", "a"))
    assert (put.status, put.json["reason"]) == (409, "Conflict")
    assert put.json["message"].startswith(f'{told.noun} "a" cannot be updated: ')


def test_a_put_of_a_service_without_a_version_is_invalid(rest: str, ns: str) -> None:
    ask(rest, "POST", SERVICE.many("v1beta1", ns), SERVICE.document("v1beta1", "a"))
    put = ask(rest, "PUT", SERVICE.one("v1beta1", ns, "a"), SERVICE.document("v1beta1", "a"))
    assert (put.status, put.json["reason"], causes(put)) == (422, "Invalid", {"resourceVersion": "FieldValueInvalid"})
    absent = ask(rest, "PUT", SERVICE.one("v1beta1", ns, "b"), SERVICE.document("v1beta1", "b"))
    assert absent.status == 404


def test_only_images_of_a_pod_may_change(rest: str, ns: str) -> None:
    made = post(rest, ns, pod("a")).json
    made["desiredState"]["manifest"]["containers"][0]["image"] = "other"
    put = ask(rest, "PUT", f"{PODS}/a?namespace={ns}", made)
    assert put.status == 200
    assert put.json["desiredState"]["manifest"]["containers"][0]["image"] == "other"
    moved = put.json
    moved["desiredState"]["manifest"]["containers"][0]["name"] = "d"
    refused = ask(rest, "PUT", f"{PODS}/a?namespace={ns}", moved)
    assert (refused.status, refused.json["reason"]) == (422, "Invalid")


def test_a_merge_patch_is_taken_under_any_type_and_null_deletes(rest: str, ns: str) -> None:
    post(rest, ns, pod("a", labels={"a": "1", "b": "2"}))
    path = f"{PODS}/a?namespace={ns}"
    for number, media in enumerate(("", "application/json", "application/merge-patch+json", "text/plain")):
        headers = {"Content-Type": media} if media else {}
        answer = ask(rest, "PATCH", path, {"labels": {"a": None, f"c{number}": "3"}}, headers)
        assert answer.status == 200, answer.body
    assert answer.json["labels"] == {"b": "2", "c0": "3", "c1": "3", "c2": "3", "c3": "3"}
    gone = ask(rest, "PATCH", path, {"labels": None})
    assert "labels" not in gone.json


def test_a_strategic_patch_merges_containers_by_name(rest: str, ns: str) -> None:
    made = [{"name": "c", "image": "i"}, {"name": "d", "image": "j"}]
    post(rest, ns, pod("a") | {"desiredState": {"manifest": {"containers": made}}})
    path, change = f"{PODS}/a?namespace={ns}", {"containers": [{"name": "d", "image": "k"}]}
    media = {"Content-Type": "application/strategic-merge-patch+json"}
    answer = ask(rest, "PATCH", path, {"desiredState": {"manifest": change}}, media)
    assert answer.status == 200, answer.body
    images = [(each["name"], each["image"]) for each in answer.json["desiredState"]["manifest"]["containers"]]
    assert images == [("c", "i"), ("d", "k")]
    as_merge = ask(rest, "PATCH", path, {"desiredState": {"manifest": change}})
    assert as_merge.status == 422
    wrong = ask(rest, "PATCH", path, {"labels": {"$patch": "burn"}}, media)
    assert bad(wrong).startswith("$patch must be one of merge, replace, delete")


def test_patches_that_cannot_be(rest: str, ns: str) -> None:
    post(rest, ns, pod("a"))
    path = f"{PODS}/a?namespace={ns}"
    assert bad(ask(rest, "PATCH", path, [{"op": "add", "path": "/labels", "value": {}}])) == (
        "the body must be a JSON object"
    )
    json_patch = ask(rest, "PATCH", path, [], {"Content-Type": "application/json-patch+json"})
    assert (json_patch.status, json_patch.json["reason"]) == (415, "UnsupportedMediaType")
    renamed = ask(rest, "PATCH", path, {"id": "b"})
    assert bad(renamed) == "a patch may not change what an object is called"
    assert bad(ask(rest, "PATCH", path, {"namespace": "other"})) == bad(renamed)
    assert bad(ask(rest, "PATCH", path, {"kind": "Service"})) == "the body is a Service; pods are made of a Pod"
    assert bad(ask(rest, "PATCH", path, b"{")).startswith("the body is not JSON: ")
    deep = b'{"a": ' * 900 + b"1" + b"}" * 900
    for media in ("application/json", "application/strategic-merge-patch+json"):
        assert bad(ask(rest, "PATCH", path, deep, {"Content-Type": media})) == "the patch is nested too deeply"
    stale = ask(rest, "PATCH", path, {"resourceVersion": 1, "labels": {"a": "b"}})
    assert (stale.status, stale.json["reason"]) == (409, "Conflict")
    assert ask(rest, "PATCH", path, {"labels": {"a b": "c"}}).status == 422


def test_a_deletion_may_carry_its_options(rest: str, ns: str) -> None:
    def delete(body: Any) -> Answer:
        post(rest, ns, pod("a"))
        return ask(rest, "DELETE", f"{PODS}/a?namespace={ns}", body)

    options = {"kind": "DeleteOptions", "apiVersion": "v1beta1", "gracePeriodSeconds": 3}
    for right in (None, b"", {}, options, {"gracePeriodSeconds": None}):
        assert delete(right).json["id"] == "a"
    for wrong in (b"nonsense", b"[]", pod("a"), {"gracePeriodSeconds": "3"}, {"gracePeriodSeconds": True}):
        bad(delete(wrong))


@pytest.mark.parametrize("media", ["application/yaml", "image/png", "application/json-patch+json; q=1", "\xff"])
def test_bodies_of_other_types_are_refused(rest: str, ns: str, media: str) -> None:
    path = f"{PODS}/a?namespace={ns}"
    method = "PATCH" if "patch" in media else "PUT"
    answer = ask(rest, method, path, {}, {"Content-Type": media})
    assert (answer.status, answer.json["reason"]) == (415, "UnsupportedMediaType")


@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "text/plain",
        "application/x-www-form-urlencoded",
    ],
)
def test_types_that_clients_name_by_habit_are_read_as_json(rest: str, ns: str, media: str) -> None:
    made = ask(rest, "POST", f"{PODS}?namespace={ns}", json.dumps(pod("a")).encode(), {"Content-Type": media})
    assert made.status == 201
