"""What bodies declare: read by the version's tables, and held against what the URL says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from google.protobuf.message import Message

from peapod.codec import codec
from peapod.codec.version import LIST
from peapod.common.errors import Violation
from peapod.gateway.answers import Header
from peapod.gateway.request import Request, kind_named
from peapod.gateway.status import BadRequest, Misread
from peapod.v1 import pod_service_pb2

WARNINGS_MOST = 20
"""Unknown fields that one answer warns of."""

_AGENT = "peapod"


class Read(NamedTuple):
    """What a body declares, and what to warn its writer of."""

    message: Any
    warnings: tuple[Header, ...]


def understood(document: Any, request: Request, of: type[Message] | None = None) -> Read:
    """Read what a body declares: an object of the request's kind, or of another message.

    Raises `BadRequest` with everything that cannot be read.
    """
    target, of = request.target, of or request.target.resource.kind.message
    form = target.version.form_of(of)
    decoded = codec.decode(document, version=target.version, form=form)
    if decoded.message is None and (name := kind_named(document)).endswith(LIST):
        raise BadRequest(f"the body is a {name}; send the objects in it one by one")
    if decoded.message is not None and not isinstance(decoded.message, of):
        raise BadRequest(f"the body is a {kind_named(document)}; {target.segment} are made of a {form.name}")
    warnings = _checked(decoded.problems, decoded.unknown, request)
    if decoded.message is None:
        raise Misread("the body cannot be read")
    return Read(decoded.message, warnings)


def _checked(problems: Sequence[Violation], unknown: Sequence[str], request: Request) -> tuple[Header, ...]:
    """Make the warnings of unknown keys. Raises `Misread` for what is wrong, which unknown keys are to the strict."""
    strange = [Violation.not_supported(path, "unknown field") for path in unknown]
    wrong = [*problems, *(strange if request.query.strict else ())]
    if wrong:
        said = "; ".join(f"{path}: {what}" if path else what for path, what, _ in wrong)
        raise Misread(f"the body cannot be read: {said}", wrong)
    return _warnings(unknown)


def _warnings(unknown: Sequence[str]) -> tuple[Header, ...]:
    """Warn of keys that were not read (RFC 7234, 5.5)."""
    told = [f'299 {_AGENT} "unknown field {_quotable(path)}"' for path in unknown[:WARNINGS_MOST]]
    if len(unknown) > WARNINGS_MOST:
        told.append(f'299 {_AGENT} "{len(unknown) - WARNINGS_MOST} more fields are unknown"')
    return tuple((b"warning", line.encode("ascii")) for line in told)


def _quotable(text: str) -> str:
    return "".join(
        letter if letter.isprintable() and letter.isascii() and letter not in '"\\' else "?" for letter in text[:200]
    )


def put_name(message: Any, request: Request) -> None:
    """Hold the name in the body against the one in the URL; none is as good as the same."""
    name = request.target.name
    if message.metadata.name and message.metadata.name != name:
        raise BadRequest(f'the name in the body is "{message.metadata.name}", and in the URL "{name}"')
    message.metadata.name = name


def put_into(message: Any, namespace: str) -> None:
    """Hold the namespace in the body against that of the request; none is as good as the same."""
    given = message.metadata.namespace
    if namespace and given and given != namespace:
        raise BadRequest(f'the namespace in the body is "{given}", and in the URL "{namespace}"')
    message.metadata.namespace = namespace


def put_binding(binding: pod_service_pb2.Binding, namespace: str, name: str) -> None:
    """Hold the pod that a binding names against that of the URL, which may leave it out, as may the binding."""
    if binding.namespace and binding.namespace != namespace:
        raise BadRequest(f'the namespace in the body is "{binding.namespace}", and in the URL "{namespace}"')
    if name and binding.name and binding.name != name:
        raise BadRequest(f'the pod in the body is "{binding.name}", and in the URL "{name}"')
    binding.namespace, binding.name = namespace, binding.name or name


_OPTIONS = {"kind", "apiversion", "graceperiodseconds"}


async def check_options(request: Request) -> tuple[Header, ...]:
    """Read the options of a deletion, which may be left out, and of which none changes anything in these versions.

    Raises `BadRequest`; returns what to warn of.
    """
    if not (await request.body()).strip():
        return ()
    document = await request.document()
    named, seconds = kind_named(document), codec.member(document, "gracePeriodSeconds")
    if named not in ("", "DeleteOptions"):
        raise BadRequest(f"the body of a deletion is a DeleteOptions, not a {named}")
    wrong = []
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int)):
        wrong.append(Violation("gracePeriodSeconds", "must be a whole number"))
    unknown = [key for key in document if key.lower() not in _OPTIONS]
    return _checked(wrong, unknown, request)
