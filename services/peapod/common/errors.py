"""The domain's errors, and their one translation to and from gRPC statuses.

Services raise these; the guard around every RPC turns them into a `google.rpc.Status` with `ErrorInfo` and
`BadRequest`; clients turn an `RpcError` back with `from_rpc`. `ItemResult` carries the same inside batches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Self, TypeVar, cast

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from peapod.v1 import meta_pb2

DOMAIN = "peapod"
_DETAILS = "grpc-status-details-bin"

CURRENT = "resource_version"
"""The fact of a stale update: at which version the object is."""

D = TypeVar("D", error_details_pb2.ErrorInfo, error_details_pb2.BadRequest)


class Violation(NamedTuple):
    """One wrong field: its path in proto names, and what is wrong with it in one clause and in one word.

    Made as it stands it is INVALID; the other words have constructors of their names.
    """

    field: str
    description: str
    reason: str = "INVALID"

    @classmethod
    def required(cls, field: str, description: str = "is required") -> Self:
        """Name a field that is empty and must not be."""
        return cls(field, description, "REQUIRED")

    @classmethod
    def not_supported(cls, field: str, description: str) -> Self:
        """Name a field whose value is none of those that there are."""
        return cls(field, description, "NOT_SUPPORTED")

    @classmethod
    def duplicate(cls, field: str, description: str) -> Self:
        """Name a field whose value another one of the object has already."""
        return cls(field, description, "DUPLICATE")

    @classmethod
    def not_found(cls, field: str, description: str) -> Self:
        """Name a field that points at nothing."""
        return cls(field, description, "NOT_FOUND")

    @classmethod
    def forbidden(cls, field: str, description: str) -> Self:
        """Name a field that is well formed and not allowed here."""
        return cls(field, description, "FORBIDDEN")

    @classmethod
    def too_long(cls, field: str, description: str) -> Self:
        """Name a field that says more than fits."""
        return cls(field, description, "TOO_LONG")

    @classmethod
    def told(cls, field: str, description: str, reason: str) -> Self:
        """Read one that somebody else told, who may have known no reasons."""
        return cls(field, description, reason) if reason else cls(field, description)


class PeapodError(Exception):
    """Something that a caller asked for cannot be done; `message` is one sentence for people."""

    code = grpc.StatusCode.INTERNAL
    reason = "INTERNAL"

    def __init__(
        self,
        message: str,
        violations: Sequence[Violation] = (),
        *,
        reason: str = "",
        facts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.violations = tuple(violations)
        self.reason = reason or type(self).reason
        self.facts = facts
        """What programs may want to know of it, by name. Not kept for the items of batches."""


class Invalid(PeapodError):
    """The request itself is wrong; `violations` names every wrong field."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    reason = "INVALID"


class Unsupported(PeapodError):
    """The request is legal, but this server cannot do it; `violations` names the fields."""

    code = grpc.StatusCode.UNIMPLEMENTED
    reason = "UNSUPPORTED"


class NotFound(PeapodError):
    """There is no such object."""

    code = grpc.StatusCode.NOT_FOUND
    reason = "NOT_FOUND"


class AlreadyExists(PeapodError):
    """The name is taken."""

    code = grpc.StatusCode.ALREADY_EXISTS
    reason = "ALREADY_EXISTS"


class Conflict(PeapodError):
    """The object has changed since the caller read it; read it again."""

    code = grpc.StatusCode.ABORTED
    reason = "CONFLICT"


class Forbidden(PeapodError):
    """The request is right, and the rules of the place where it would be done do not let it in."""

    code = grpc.StatusCode.PERMISSION_DENIED
    reason = "FORBIDDEN"


class NotReady(PeapodError):
    """The object is not in a state that allows this yet."""

    code = grpc.StatusCode.FAILED_PRECONDITION
    reason = "FAILED_PRECONDITION"


class Expired(PeapodError):
    """The revision is compacted away; list again."""

    code = grpc.StatusCode.OUT_OF_RANGE
    reason = "EXPIRED"


class SlowWatcher(PeapodError):
    """The watcher reads too slowly; resume at its last revision."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "SLOW_WATCHER"


class TooMany(PeapodError):
    """The caller asks for more of these in a time than it may; this one was dropped."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "TOO_MANY"


class StoreFull(PeapodError):
    """The store takes no more writes; nothing of this one was kept."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "STORE_FULL"


class Unavailable(PeapodError):
    """A part that is needed cannot be reached now; try again."""

    code = grpc.StatusCode.UNAVAILABLE
    reason = "UNAVAILABLE"


class TooLate(PeapodError):
    """The answer did not come in time; the request may or may not have been carried out."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED
    reason = "DEADLINE_EXCEEDED"


_BY_REASON = {kind.reason: kind for kind in PeapodError.__subclasses__()}
_BY_CODE = {
    kind.code: kind
    for kind in (Invalid, Unsupported, NotFound, AlreadyExists, Conflict, Forbidden, NotReady, Expired, SlowWatcher)
} | {Unavailable.code: Unavailable, TooLate.code: TooLate}
_CODE_BY_NUMBER: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


def to_status(error: PeapodError) -> status_pb2.Status:
    """Build the status that travels as the call's trailing metadata."""
    status = status_pb2.Status(code=_number(error.code), message=error.message)
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=dict(error.facts))
    status.details.add().Pack(info)
    if error.violations:
        bad = error_details_pb2.BadRequest()
        for violation in error.violations:
            bad.field_violations.add(**violation._asdict())
        status.details.add().Pack(bad)
    return status


def trailing(error: PeapodError) -> tuple[tuple[str, bytes], ...]:
    """Build the trailing metadata that carries the whole status."""
    return ((_DETAILS, to_status(error).SerializeToString()),)


def from_rpc(error: grpc.RpcError) -> PeapodError:
    """Read a failed call back into the error that the server raised, whatever server that was."""
    code, message = error.code(), error.details() or ""
    metadata = cast("Sequence[tuple[str, str | bytes]]", error.trailing_metadata() or ())
    for key, value in metadata:
        if key == _DETAILS and isinstance(value, bytes):
            return _from_status(status_pb2.Status.FromString(value))
    return _build(code, "", message, ())


def to_item(error: PeapodError) -> meta_pb2.ItemResult:
    """Build the result of one failed item of a batch."""
    violations = [meta_pb2.FieldViolation(**violation._asdict()) for violation in error.violations]
    return meta_pb2.ItemResult(
        code=_number(error.code), reason=error.reason, message=error.message, violations=violations
    )


def from_item(item: meta_pb2.ItemResult) -> PeapodError | None:
    """Read an item's result; None is success."""
    if item.code == code_pb2.OK:
        return None
    violations = [Violation.told(wrong.field, wrong.description, wrong.reason) for wrong in item.violations]
    return _build(_CODE_BY_NUMBER[item.code], item.reason, item.message, violations)


def _from_status(status: status_pb2.Status) -> PeapodError:
    info, violations = error_details_pb2.ErrorInfo(), []
    for detail in status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            _unpack(detail, info)
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            bad = _unpack(detail, error_details_pb2.BadRequest())
            violations = [
                Violation.told(wrong.field, wrong.description, wrong.reason) for wrong in bad.field_violations
            ]
    return _build(_CODE_BY_NUMBER[status.code], info.reason, status.message, violations, dict(info.metadata))


def _unpack(detail: any_pb2.Any, into: D) -> D:
    detail.Unpack(into)
    return into


def _build(
    code: grpc.StatusCode,
    reason: str,
    message: str,
    violations: Sequence[Violation],
    facts: Mapping[str, str] = MappingProxyType({}),
) -> PeapodError:
    kind = _BY_REASON.get(reason) or _BY_CODE.get(code, PeapodError)
    error = kind(message, violations, reason=reason, facts=facts)
    error.code = code
    return error


def _number(code: grpc.StatusCode) -> int:
    return int(code.value[0])
