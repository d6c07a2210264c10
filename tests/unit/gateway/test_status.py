"""Each error of the domain to its HTTP status and its body."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.codec.versions import V1BETA1, VERSIONS
from peapod.common import errors
from peapod.common.errors import CURRENT, AlreadyExists, Conflict, Invalid, PeapodError, Violation
from peapod.gateway import status
from peapod.gateway.resources import EVENTS, NODES, PODS, RESOURCES, SECRETS, SERVICES, Resource
from peapod.gateway.status import About, BadRequest, BodyLate, Misread, TooLarge, WrongMedia, failure, success

POD = About(V1BETA1, PODS, "web")
STALE = Invalid("stale", [Violation("metadata.resource_version", "is required")], facts={CURRENT: "9"})


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (BadRequest("no"), 400, "BadRequest"),
        (Misread("no", [Violation("id", "is wrong")]), 400, "BadRequest"),
        (Invalid("no"), 400, "BadRequest"),
        (Invalid("no", [Violation("label_selector", "is wrong")]), 400, "BadRequest"),
        (Invalid("no", [Violation("field_selector", "is wrong")]), 400, "BadRequest"),
        (Invalid("no", [Violation("spec", "is wrong")]), 422, "Invalid"),
        (Invalid("no", reason="BAD_VERSION"), 422, "Invalid"),
        (STALE, 409, "Conflict"),
        (errors.NotFound("no"), 404, "NotFound"),
        (BodyLate("no"), 408, "RequestTimeout"),
        (AlreadyExists("no"), 409, "AlreadyExists"),
        (Conflict("no"), 409, "Conflict"),
        (errors.NotReady("no"), 409, "Conflict"),
        (errors.Expired("no"), 410, "Gone"),
        (errors.SlowWatcher("no"), 410, "Gone"),
        (TooLarge("no"), 413, "RequestEntityTooLarge"),
        (WrongMedia("no"), 415, "UnsupportedMediaType"),
        (PeapodError("no"), 500, "InternalError"),
        (errors.Unsupported("no"), 501, "NotImplemented"),
        (errors.Unavailable("no"), 503, "ServiceUnavailable"),
        (errors.TooLate("no"), 504, "Timeout"),
        (errors.StoreFull("no"), 507, "InsufficientStorage"),
    ],
)
def test_an_error_has_its_status(error: PeapodError, code: int, reason: str) -> None:
    found, said = failure(error, POD)
    assert (found, said["code"], said["reason"], said["status"]) == (code, code, reason, "Failure")


def test_every_error_of_the_domain_has_a_status_of_its_own() -> None:
    for kind in PeapodError.__subclasses__():
        assert status.outcome(kind("no")).code != 500 or kind is PeapodError


KEYS = {
    "v1beta1": ["kind", "creationTimestamp", "apiVersion", "status", "message", "reason", "details", "code"],
    "v1beta2": ["kind", "creationTimestamp", "apiVersion", "status", "message", "reason", "details", "code"],
    "v1beta3": ["kind", "apiVersion", "metadata", "status", "message", "reason", "details", "code"],
}


@pytest.mark.parametrize("name", VERSIONS)
def test_the_keys_have_their_order_in_each_version(name: str) -> None:
    version = VERSIONS[name]
    about = About(version, PODS, "web")
    _, said = failure(errors.NotFound("no"), about)
    assert list(said) == KEYS[name]
    assert said["details"] == {"name" if name == "v1beta3" else "id": "web", "kind": "pods"}
    short = [key for key in KEYS[name] if key not in ("message", "reason", "details")]
    assert list(success(version, 201)) == short
    _, bare = failure(BadRequest("no"), about)
    assert list(bare) == [key for key in KEYS[name] if key != "details"]


@pytest.mark.parametrize(
    ("error", "resource", "message"),
    [
        (errors.NotFound("x"), PODS, 'pods "web" not found'),
        (errors.NotFound("x"), SERVICES, 'service "web" not found'),
        (errors.NotFound("x"), NODES, 'minion "web" not found'),
        (AlreadyExists("x"), SECRETS, 'secrets "web" already exists'),
        (Conflict("it is busy"), PODS, 'pods "web" cannot be updated: it is busy'),
        (Conflict("x", facts={CURRENT: "9"}), PODS, 'pods "web" cannot be updated: the resource was updated to 9'),
        (STALE, PODS, 'pods "web" cannot be updated: the resource was updated to 9'),
        (STALE, SERVICES, 'Service "web" is invalid: resourceVersion: is required'),
        (
            Invalid("x", [Violation("spec.containers", "a")]),
            PODS,
            'Pod "web" is invalid: desiredState.manifest.containers: a',
        ),
        (
            Invalid("x", [Violation("reason", "a"), Violation("", "b")]),
            EVENTS,
            'event "web" is invalid: [reason: a, b]',
        ),
        (BadRequest("as it is"), PODS, "as it is"),
    ],
)
def test_a_message_is_worded_as_in_2015(error: PeapodError, resource: Resource, message: str) -> None:
    assert failure(error, About(V1BETA1, resource, "web"))[1]["message"] == message


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("REQUIRED", "FieldValueRequired"),
        ("INVALID", "FieldValueInvalid"),
        ("NOT_SUPPORTED", "FieldValueNotSupported"),
        ("DUPLICATE", "FieldValueDuplicate"),
        ("NOT_FOUND", "FieldValueNotFound"),
        ("FORBIDDEN", "FieldValueForbidden"),
        ("TOO_LONG", "FieldValueTooLong"),
        ("NEWS", "FieldValueInvalid"),
    ],
)
def test_a_cause_has_its_word(reason: str, word: str) -> None:
    _, said = failure(Invalid("no", [Violation("metadata.name", "is it", reason)]), POD)
    (cause,) = said["details"]["causes"]
    assert json.dumps(cause) == json.dumps({"reason": word, "message": "id: is it", "field": "id"})


def test_a_binding_is_called_pod_when_it_is_missing_and_binding_otherwise() -> None:
    about = About(V1BETA1, PODS, "web", binding=True)

    def named(error: PeapodError) -> Any:
        return failure(error, about)[1]["details"]["kind"]

    assert named(errors.NotFound("no")) == "pod"
    assert named(Conflict("no")) == named(Invalid("no", [Violation("node_name", "is required")])) == "binding"


def test_a_prefix_without_a_free_name_may_be_tried_again() -> None:
    code, said = failure(AlreadyExists("8 names were all taken"), About(V1BETA1, PODS))
    assert (code, said["reason"], said["details"]["retryAfterSeconds"]) == (500, "ServerTimeout", 1)


def test_who_cannot_be_reached_may_be_tried_again() -> None:
    assert failure(errors.Unavailable("no"), POD)[1]["details"] == {"retryAfterSeconds": 1}


def test_nobody_knows_what_it_was_about() -> None:
    code, said = failure(errors.NotFound("as it is"), About())
    assert (code, said["message"], "details" in said) == (404, "as it is", False)


@given(
    st.sampled_from([Invalid, Misread, Conflict, errors.NotFound]),
    st.text(),
    st.lists(st.builds(Violation, st.text(), st.text(), st.text())),
    st.sampled_from(RESOURCES),
    st.sampled_from([*VERSIONS.values()]),
    st.booleans(),
)
def test_whatever_is_wrong_can_be_written(
    kind: type[PeapodError], message: str, wrong: list[Violation], resource: Resource, version: Any, binding: bool
) -> None:
    about = About(version, resource, "web", binding=binding and resource is PODS)
    halves = [Violation(each.field + "\ud800", each.description + "\udfff", each.reason) for each in wrong]
    for violations in (wrong, halves):
        code, said = failure(kind(message + "\ud800", violations), about)
        assert 400 <= code < 500
        assert json.loads(orjson.dumps(said)) == said
