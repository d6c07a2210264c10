"""Writes: a body is understood, the apiserver is asked, and readers here see what it answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import grpc
import grpc.aio

from peapod.codec import codec
from peapod.codec.patch import merged, strategically_merged
from peapod.codec.version import LIST
from peapod.common import kinds
from peapod.common.errors import AlreadyExists, Conflict, Violation, from_item, from_rpc
from peapod.gateway import answers, status
from peapod.gateway.answers import Answer, Header
from peapod.gateway.copies import Copies
from peapod.gateway.request import Request, kind_named
from peapod.gateway.status import BadRequest, Misread
from peapod.v1 import pod_service_pb2
from peapod.v1.pod_service_rpc import PodServiceClient

PATCH_TRIES = 20
"""How often a patch is tried anew on an object that others keep changing."""
WARNINGS_MOST = 20
"""Unknown fields that one answer warns of."""
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"

_AGENT = "peapod"


class Read(NamedTuple):
    """What a body declares, and what to warn its writer of."""

    message: Any
    warnings: tuple[Header, ...]


class Writes:
    """POST, PUT, PATCH and DELETE."""

    def __init__(self, channel: grpc.aio.Channel, copies: Copies) -> None:
        self._copies = copies
        self._clients = {kind: kind.client(channel) for kind in kinds.KINDS}
        self._pods: PodServiceClient = self._clients[kinds.POD]

    async def create(self, request: Request) -> Answer:
        """Store a new object."""
        read = _understood(await request.document(), request)
        request.name = read.message.metadata.name
        _put_into(read.message, request.namespace())
        stored = await self._object(request, "Create", read.message)
        return self._stored(request, 201, stored, read.warnings)

    async def replace(self, request: Request) -> Answer:
        """Replace what may change of an object, or, of some kinds, make one that is not there."""
        namespace = request.namespace()
        read = _understood(await request.document(), request)
        _name(read.message, request)
        _put_into(read.message, namespace)
        resource = request.target.resource
        if resource.put_creates and not read.message.metadata.resource_version:
            return await self._put_new(request, read)
        stored = await self._object(request, "Update", read.message)
        return self._stored(request, 200, stored, read.warnings)

    async def replace_part(self, request: Request) -> Answer:
        """Replace a part of an object that has a path of its own."""
        namespace = request.namespace()
        read = _understood(await request.document(), request)
        _name(read.message, request)
        _put_into(read.message, namespace)
        verb = request.target.resource.parts[request.target.part]
        if verb == "UpdateStatuses":
            await self._put_pod_status(request, read.message)
            stored = await self._current(request)
        else:
            stored = await self._object(request, verb, read.message)
        return self._stored(request, 200, stored, read.warnings)

    async def bind(self, request: Request) -> Answer:
        """Give a pod its node."""
        namespace = request.namespace()
        form = request.target.version.form_of(pod_service_pb2.Binding)
        decoded = codec.decode(await request.document(), version=request.target.version, form=form)
        binding = decoded.message
        if decoded.problems or not isinstance(binding, pod_service_pb2.Binding):
            raise _misread(decoded.problems, "the body is no Binding")
        _put_binding(binding, namespace, request.target.name)
        request.name = binding.name
        call = self._pods.bind_pods
        answer = await _asked(call(pod_service_pb2.BindPodsRequest(bindings=[binding]), timeout=request.query.timeout))
        self._check_item(answer.results[0])
        self._copies.of(request.target.resource).expect(answer.results[0].resource_version)
        return answers.document(201, status.success(request.target.version, 201))

    async def patch(self, request: Request) -> Answer:
        """Merge a patch into an object; tried anew when others change it meanwhile, unless it names a version."""
        merge = _merger(request)
        patch = await request.document()
        version = codec.member(patch, "resourceVersion") or codec.member(
            codec.member(patch, "metadata"), "resourceVersion"
        )
        tries = 1 if version else PATCH_TRIES
        for again in reversed(range(tries)):
            current = await self._current(request)
            try:
                return await self._put_patched(request, merge(request.target.version.encode(current), patch), current)
            except Conflict:
                if not again:
                    raise
        raise AssertionError("the last try returns or raises")

    async def delete(self, request: Request) -> Answer:
        """Remove an object."""
        scope = _scope(request)
        await _read_options(request)
        target = request.target
        gone = await self._call(request, "Delete", name=target.name, **scope)
        self._copies.of(target.resource).wrote(gone, gone=True)
        if target.resource.shows_deleted:
            return answers.document(200, target.version.encode(gone, target.segment))
        return answers.document(200, status.success(target.version, 200))

    async def _put_new(self, request: Request, read: Read) -> Answer:
        try:
            stored = await self._object(request, "Create", read.message)
        except AlreadyExists:
            raise Conflict("it exists already; say which version of it is to be replaced") from None
        return self._stored(request, request.target.resource.put_creates, stored, read.warnings)

    async def _put_patched(self, request: Request, document: Any, current: Any) -> Answer:
        read = _understood(document, request)
        ours, theirs = read.message.metadata, current.metadata
        if (ours.name, ours.namespace) != (theirs.name, theirs.namespace):
            raise BadRequest("a patch may not change what an object is called")
        stored = await self._object(request, "Update", read.message)
        return self._stored(request, 200, stored, read.warnings)

    async def _put_pod_status(self, request: Request, pod: Any) -> None:
        if not pod.metadata.resource_version:
            await self._current(request)
            raise Conflict("the version of the pod is not given")
        update = pod_service_pb2.PodStatusUpdate(
            namespace=pod.metadata.namespace,
            name=pod.metadata.name,
            uid=pod.metadata.uid,
            status=pod.status,
            resource_version=pod.metadata.resource_version,
        )
        call = self._pods.update_pod_statuses
        asked = pod_service_pb2.UpdatePodStatusesRequest(updates=[update])
        self._check_item((await _asked(call(asked, timeout=request.query.timeout))).results[0])

    def _check_item(self, result: Any) -> None:
        if (problem := from_item(result)) is not None:
            raise problem

    async def _current(self, request: Request) -> Any:
        return await self._call(request, "Get", name=request.target.name, **_scope(request))

    async def _object(self, request: Request, verb: str, message: Any) -> Any:
        return await self._call(request, verb, **{request.target.resource.kind.singular: message})

    async def _call(self, request: Request, verb: str, **fields: Any) -> Any:
        kind = request.target.resource.kind
        call = kind.bound(self._clients[kind], verb)
        return kind.of(await _asked(call(kind.request(verb, **fields), timeout=request.query.timeout)))

    def _stored(self, request: Request, code: int, stored: Any, headers: tuple[Header, ...]) -> Answer:
        item = self._copies.of(request.target.resource).wrote(stored)
        return Answer(code, item.pretty(request.view), headers=headers)


async def _asked(call: Awaitable[Any]) -> Any:
    """Wait for an answer, or raise what the apiserver meant."""
    try:
        return await call
    except grpc.RpcError as error:
        raise from_rpc(error) from error


def _understood(document: Any, request: Request) -> Read:
    """Read the object that a body declares. Raises `BadRequest` with everything that cannot be read."""
    target = request.target
    form = target.resource.form(target.version)
    decoded = codec.decode(document, version=target.version, form=form)
    if decoded.message is None and (name := kind_named(document)).endswith(LIST):
        raise BadRequest(f"the body is a {name}; send the objects in it one by one")
    if decoded.message is not None and not isinstance(decoded.message, target.resource.kind.message):
        raise BadRequest(f"the body is a {kind_named(document)}; {target.segment} are made of a {form.name}")
    unknown = [Violation(path, "unknown field", "NOT_SUPPORTED") for path in decoded.unknown]
    wrong = [*decoded.problems, *(unknown if request.query.strict else ())]
    if wrong or decoded.message is None:
        raise _misread(wrong, "the body cannot be read")
    return Read(decoded.message, _warnings(decoded.unknown))


def _misread(wrong: Any, otherwise: str) -> Misread:
    said = "; ".join(f"{path}: {what}" if path else what for path, what, _ in wrong)
    return Misread(f"the body cannot be read: {said}" if said else otherwise, wrong)


def _warnings(unknown: Any) -> tuple[Header, ...]:
    """Warn of keys that were not read (RFC 7234, 5.5)."""
    told = [f'299 {_AGENT} "unknown field {_quotable(path)}"' for path in unknown[:WARNINGS_MOST]]
    if len(unknown) > WARNINGS_MOST:
        told.append(f'299 {_AGENT} "{len(unknown) - WARNINGS_MOST} more fields are unknown"')
    return tuple((b"warning", line.encode("ascii")) for line in told)


def _quotable(text: str) -> str:
    return "".join(
        letter if letter.isprintable() and letter.isascii() and letter not in '"\\' else "?" for letter in text[:200]
    )


def _name(message: Any, request: Request) -> None:
    """Hold the name in the body against the one in the URL; none is as good as the same."""
    name = request.target.name
    if message.metadata.name and message.metadata.name != name:
        raise BadRequest(f'the name in the body is "{message.metadata.name}", and in the URL "{name}"')
    message.metadata.name = name


def _put_into(message: Any, namespace: str) -> None:
    """Hold the namespace in the body against that of the request; none is as good as the same."""
    given = message.metadata.namespace
    if namespace and given and given != namespace:
        raise BadRequest(f'the namespace in the body is "{given}", and in the URL "{namespace}"')
    message.metadata.namespace = namespace


def _put_binding(binding: pod_service_pb2.Binding, namespace: str, name: str) -> None:
    if binding.namespace and binding.namespace != namespace:
        raise BadRequest(f'the namespace in the body is "{binding.namespace}", and in the URL "{namespace}"')
    if name and binding.name and binding.name != name:
        raise BadRequest(f'the pod in the body is "{binding.name}", and in the URL "{name}"')
    binding.namespace, binding.name = namespace, binding.name or name


def _scope(request: Request) -> dict[str, str]:
    namespace = request.namespace()
    return {"namespace": namespace} if namespace else {}


def _merger(request: Request) -> Callable[[Any, Any], Any]:
    media = request.header(b"content-type").partition(";")[0].strip().lower()
    if media == JSON_PATCH:
        raise status.WrongMedia(f"JSON Patch (RFC 6902) is not read; send a merge patch, or {STRATEGIC}")
    return strategically_merged if media == STRATEGIC else merged


async def _read_options(request: Request) -> None:
    """Read the options of a deletion, which may be left out, and of which none changes anything in these versions."""
    if not (await request.body()).strip():
        return
    document = await request.document()
    named, seconds = kind_named(document), codec.member(document, "gracePeriodSeconds")
    if named not in ("", "DeleteOptions"):
        raise BadRequest(f"the body of a deletion is a DeleteOptions, not a {named}")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int)):
        wrong = [Violation("gracePeriodSeconds", "must be a whole number")]
        raise Misread("the body cannot be read: gracePeriodSeconds: must be a whole number", wrong)
