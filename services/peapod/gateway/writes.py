"""Writes: a body is understood, the apiserver is asked, and readers here see what it answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from peapod.codec import codec
from peapod.codec.patch import merged, strategically_merged
from peapod.common import kinds
from peapod.common.errors import CURRENT, AlreadyExists, Conflict, from_item, from_rpc
from peapod.gateway import answers, bodies, status
from peapod.gateway.answers import Answer, Header
from peapod.gateway.bodies import Read
from peapod.gateway.copies import Copies
from peapod.gateway.request import Request
from peapod.gateway.status import BadRequest
from peapod.v1 import pod_service_pb2
from peapod.v1.pod_service_rpc import PodServiceClient

PATCH_TRIES = 20
"""How often a patch is tried anew on an object that others keep changing."""
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


class Writes:
    """POST, PUT, PATCH and DELETE."""

    def __init__(self, channel: grpc.aio.Channel, copies: Copies) -> None:
        self._copies = copies
        self._clients = {kind: kind.client(channel) for kind in kinds.KINDS}
        self._pods: PodServiceClient = self._clients[kinds.POD]

    async def create(self, request: Request) -> Answer:
        """Store a new object."""
        read = bodies.understood(await request.document(), request)
        request.name = read.message.metadata.name
        bodies.put_into(read.message, request.namespace())
        stored = await self._object(request, "Create", read.message)
        return self._stored(request, 201, stored, read.warnings)

    async def replace(self, request: Request) -> Answer:
        """Replace what may change of an object, or, of some kinds, make one that is not there."""
        namespace = request.namespace()
        read = bodies.understood(await request.document(), request)
        bodies.put_name(read.message, request)
        bodies.put_into(read.message, namespace)
        resource = request.target.resource
        if resource.put_creates and not read.message.metadata.resource_version:
            return await self._put_new(request, read)
        stored = await self._object(request, "Update", read.message)
        return self._stored(request, 200, stored, read.warnings)

    async def replace_part(self, request: Request) -> Answer:
        """Replace a part of an object that has a path of its own."""
        namespace = request.namespace()
        read = bodies.understood(await request.document(), request)
        bodies.put_name(read.message, request)
        bodies.put_into(read.message, namespace)
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
        read = bodies.understood(await request.document(), request, pod_service_pb2.Binding)
        binding = read.message
        bodies.put_binding(binding, namespace, request.target.name)
        request.name = binding.name
        call = self._pods.bind_pods
        answer = await _asked(call(pod_service_pb2.BindPodsRequest(bindings=[binding]), timeout=request.left()))
        self._check_item(answer.results[0])
        self._copies.of(request.target.resource).expect(answer.results[0].resource_version)
        return answers.document(201, status.success(request.target.version, 201), read.warnings)

    async def patch(self, request: Request) -> Answer:
        """Merge a patch into an object; tried anew when others change it meanwhile, unless it names a version."""
        merge = _merger(request)
        patch = await request.document()
        tries = 1 if _names_version(patch) else PATCH_TRIES
        for again in reversed(range(tries)):
            current = await self._current(request)
            try:
                return await self._put_patched(request, merge(request.target.version.encode(current), patch), current)
            except Conflict as conflict:
                if not again or CURRENT not in conflict.facts:
                    raise
        raise AssertionError("the last try returns or raises")

    async def delete(self, request: Request) -> Answer:
        """Remove an object."""
        scope = _scope(request)
        warnings = await bodies.check_options(request)
        target = request.target
        gone = await self._call(request, "Delete", name=target.name, **scope)
        self._copies.of(target.resource).wrote(gone, gone=True)
        if target.resource.shows_deleted:
            return answers.document(200, target.version.encode(gone, target.segment), warnings)
        return answers.document(200, status.success(target.version, 200), warnings)

    async def _put_new(self, request: Request, read: Read) -> Answer:
        try:
            stored = await self._object(request, "Create", read.message)
        except AlreadyExists:
            raise Conflict("it exists already; say which version of it is to be replaced") from None
        return self._stored(request, request.target.resource.put_creates, stored, read.warnings)

    async def _put_patched(self, request: Request, document: Any, current: Any) -> Answer:
        read = bodies.understood(document, request)
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
        self._check_item((await _asked(call(asked, timeout=request.left()))).results[0])

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
        return kind.of(await _asked(call(kind.request(verb, **fields), timeout=request.left())))

    def _stored(self, request: Request, code: int, stored: Any, headers: tuple[Header, ...]) -> Answer:
        item = self._copies.of(request.target.resource).wrote(stored)
        return Answer(code, item.pretty(request.view), headers=headers)


async def _asked(call: Awaitable[Any]) -> Any:
    """Wait for an answer, or raise what the apiserver meant."""
    try:
        return await call
    except grpc.RpcError as error:
        raise from_rpc(error) from error


def _names_version(patch: Any) -> bool:
    """Tell whether a patch says anything of the version of its object."""
    within = codec.member(patch, "metadata")
    keys = [*patch, *(within if isinstance(within, dict) else ())]
    return any(str(key).lower() == "resourceversion" for key in keys)


def _scope(request: Request) -> dict[str, str]:
    namespace = request.namespace()
    return {"namespace": namespace} if namespace else {}


def _merger(request: Request) -> Callable[[Any, Any], Any]:
    media = request.header(b"content-type").partition(";")[0].strip().lower()
    if media == JSON_PATCH:
        raise status.WrongMedia(f"JSON Patch (RFC 6902) is not read; send a merge patch, or {STRATEGIC}")
    return strategically_merged if media == STRATEGIC else merged
