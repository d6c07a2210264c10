"""What went wrong, as a `Status` (v1beta1.md, 4.6): one table from the domain's errors to HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from peapod.codec.version import Version
from peapod.codec.versions import V1BETA1
from peapod.common.errors import (
    CURRENT,
    AlreadyExists,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    NotReady,
    PeapodError,
    SlowWatcher,
    StoreFull,
    TooLate,
    TooMany,
    Unavailable,
    Unsupported,
    Violation,
)
from peapod.gateway.resources import Resource
from peapod.v1 import pod_service_pb2

BAD_REQUEST = "BadRequest"


class BadRequest(Invalid):
    """The request cannot be understood, rather than that the object in it breaks a rule."""

    reason = "BAD_REQUEST"


class Misread(BadRequest):
    """The body says what cannot be; its violations are in the words of the body."""

    reason = "MISREAD"


class TooLarge(PeapodError):
    """The body is larger than any object may be."""

    reason = "TOO_LARGE"


class BodyLate(PeapodError):
    """The body did not come, or came too slowly."""

    reason = "BODY_LATE"


class WrongMedia(PeapodError):
    """The body is of a type that is not read."""

    reason = "WRONG_MEDIA"


class Outcome(NamedTuple):
    """An HTTP status, and the reason in one word."""

    code: int
    reason: str


_BY_KIND: tuple[tuple[type[PeapodError], Outcome], ...] = (
    (BadRequest, Outcome(400, BAD_REQUEST)),
    (TooLarge, Outcome(413, "RequestEntityTooLarge")),
    (BodyLate, Outcome(408, "RequestTimeout")),
    (WrongMedia, Outcome(415, "UnsupportedMediaType")),
    (NotFound, Outcome(404, "NotFound")),
    (AlreadyExists, Outcome(409, "AlreadyExists")),
    (Conflict, Outcome(409, "Conflict")),
    (Forbidden, Outcome(403, "Forbidden")),
    (TooMany, Outcome(429, "TooManyRequests")),
    (NotReady, Outcome(409, "Conflict")),
    (Expired, Outcome(410, "Gone")),
    (SlowWatcher, Outcome(410, "Gone")),
    (StoreFull, Outcome(507, "InsufficientStorage")),
    (Unavailable, Outcome(503, "ServiceUnavailable")),
    (TooLate, Outcome(504, "Timeout")),
    (Unsupported, Outcome(501, "NotImplemented")),
)
_INTERNAL = Outcome(500, "InternalError")
_INVALID = Outcome(422, "Invalid")
_NO_NAME_FREE = Outcome(500, "ServerTimeout")
_OF_THE_REQUEST = frozenset({"label_selector", "field_selector"})
_VERSION = "metadata.resource_version"
_CAUSES = {
    "REQUIRED": "FieldValueRequired",
    "NOT_SUPPORTED": "FieldValueNotSupported",
    "DUPLICATE": "FieldValueDuplicate",
    "NOT_FOUND": "FieldValueNotFound",
    "FORBIDDEN": "FieldValueForbidden",
    "TOO_LONG": "FieldValueTooLong",
}
RETRY_SECONDS = 1


class About(NamedTuple):
    """What a request was about: what its Status names."""

    version: Version = V1BETA1
    resource: Resource | None = None
    name: str = ""
    binding: bool = False
    """Whether it was about the node of a pod, rather than about the pod."""


def outcome(error: PeapodError) -> Outcome:
    """Find the status and the reason of an error."""
    if error.reason == "BAD_VERSION":
        return _INVALID
    for kind, found in _BY_KIND:
        if isinstance(error, kind):
            return found
    if isinstance(error, Invalid):
        fields = {violation.field for violation in error.violations}
        return _INVALID if fields - _OF_THE_REQUEST else Outcome(400, BAD_REQUEST)
    return _INTERNAL


def success(version: Version, code: int) -> dict[str, Any]:
    """Say that it is done."""
    return _document(version, {"status": "Success", "code": code})


def failure(error: PeapodError, about: About) -> tuple[int, dict[str, Any]]:
    """Say what went wrong, in the words of the version; with the HTTP status."""
    code, reason = _outcome(error, about)
    wrong = _translated(error, about)
    message = _writable(_message(error, reason, wrong, about))
    said: dict[str, Any] = {"status": "Failure", "message": message, "reason": reason}
    details = _details(error, Outcome(code, reason), wrong, about)
    if details:
        said["details"] = details
    return code, _document(about.version, said | {"code": code})


def _outcome(error: PeapodError, about: About) -> Outcome:
    """Find the outcome where it depends on what the request was about."""
    if about.resource and not about.resource.put_demands_version and _only_stale(error):
        return Outcome(409, "Conflict")
    if isinstance(error, AlreadyExists) and not about.name:
        return _NO_NAME_FREE
    return outcome(error)


def _translated(error: PeapodError, about: About) -> Sequence[Violation]:
    """Say what is wrong with the fields in the words of the version."""
    if about.resource is None or isinstance(error, Misread):
        return error.violations
    message = pod_service_pb2.Binding if about.binding else about.resource.kind.message
    words = about.version.words
    return [violation._replace(field=words(message, violation.field)) for violation in error.violations]


def _only_stale(error: PeapodError) -> bool:
    """Tell whether nothing is wrong but that the object's version is not given."""
    return isinstance(error, Invalid) and {violation.field for violation in error.violations} == {_VERSION}


def _document(version: Version, said: dict[str, Any]) -> dict[str, Any]:
    return version.status_head() | said


def _message(error: PeapodError, reason: str, wrong: Sequence[Violation], about: About) -> str:
    name, noun = about.name, _noun(about, reason)
    if not noun:
        return error.message
    if reason == "NotFound" and name:
        return f'{noun} "{name}" not found'
    if reason == "AlreadyExists" and name:
        return f'{noun} "{name}" already exists'
    if reason == "Conflict" and name:
        return f'{noun} "{name}" cannot be updated: {_why_not(error)}'
    if reason == _INVALID.reason and wrong:
        found = [_said(violation) for violation in wrong]
        said = found[0] if len(found) == 1 else f"[{', '.join(found)}]"
        return f'{noun} "{name}" is invalid: {said}'
    return error.message


def _why_not(error: PeapodError) -> str:
    """Say why an object cannot be updated, as clients of 2015 look for it where that is another update."""
    current = error.facts.get(CURRENT)
    return f"the resource was updated to {current}" if current else error.message


def _details(error: PeapodError, found: Outcome, wrong: Sequence[Violation], about: About) -> dict[str, Any]:
    code, reason = found
    if about.resource is None:
        return {}
    details: dict[str, Any] = {}
    if (code in (403, 404, 409) and about.name) or code == _INVALID.code:
        details = {about.version.id_key: about.name, "kind": _noun(about, reason)}
    if wrong and (code in (422, 501) or isinstance(error, Misread)):
        details["causes"] = [_cause(violation) for violation in wrong]
    if code == 503 or reason == _NO_NAME_FREE.reason:
        details["retryAfterSeconds"] = RETRY_SECONDS
    return {key: value for key, value in details.items() if value}


def _noun(about: About, reason: str) -> str:
    """Say what the object is called when a request fails for a reason; empty where nobody knows what it was about."""
    if about.resource is None:
        return ""
    if about.binding:
        return "pod" if reason == "NotFound" else "binding"
    if reason == _INVALID.reason:
        return about.resource.invalid or about.resource.form(about.version).name
    return about.resource.noun


def _cause(violation: Violation) -> dict[str, str]:
    reason = _CAUSES.get(violation.reason, "FieldValueInvalid")
    return {"reason": reason, "message": _writable(_said(violation)), "field": _writable(violation.field)}


def _said(violation: Violation) -> str:
    return f"{violation.field}: {violation.description}" if violation.field else violation.description


def _writable(text: str) -> str:
    """Put a question mark for each half of a surrogate pair, which a body can hold and no answer can say."""
    return text.encode(errors="replace").decode()
