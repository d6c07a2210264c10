"""Namespaces over gRPC."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from peapod.apiserver.registry import DEFAULT_NAMESPACE, Registry
from peapod.common.errors import NotReady
from peapod.v1 import namespace_pb2
from peapod.v1 import namespace_service_pb2 as pb
from peapod.v1.namespace_service_rpc import NamespaceServiceServicer


class Namespaces(NamespaceServiceServicer):
    """The verbs of namespaces. `contents` are the kinds that keep a namespace from being deleted."""

    def __init__(self, namespaces: Registry[namespace_pb2.Namespace], contents: Sequence[Registry[Any]]) -> None:
        self._namespaces = namespaces
        self._contents = contents

    async def create_namespace(self, request: pb.CreateNamespaceRequest, context: Any) -> bytes:
        """Store a new one."""
        return await self._namespaces.create(request.namespace, validate_only=request.validate_only)

    async def get_namespace(self, request: pb.GetNamespaceRequest, context: Any) -> bytes:
        """Answer with one."""
        return await self._namespaces.get("", request.name)

    async def list_namespaces(self, request: pb.ListNamespacesRequest, context: Any) -> bytes:
        """Answer with a snapshot."""
        return await self._namespaces.list("", request.label_selector, request.field_selector)

    async def update_namespace(self, request: pb.UpdateNamespaceRequest, context: Any) -> bytes:
        """Replace what is mutable."""
        return await self._namespaces.update(request.namespace)

    async def delete_namespace(self, request: pb.DeleteNamespaceRequest, context: Any) -> bytes:
        """Remove one that is empty: nobody cleans up behind it yet."""
        if request.name == DEFAULT_NAMESPACE:
            raise NotReady(f"Namespace {request.name} is where objects without one go: it stays")
        for registry in self._contents:
            if left := await registry.count(request.name):
                what = f"{registry.strategy.plural} ({left})"
                raise NotReady(f'Namespace "{request.name}" still has {what}: delete them first')
        return await self._namespaces.delete("", request.name, request.uid, request.resource_version)

    def watch_namespaces(self, request: pb.WatchNamespacesRequest, context: Any) -> AsyncGenerator[bytes, None]:
        """Stream changes."""
        return self._namespaces.watch(
            "", request.label_selector, request.field_selector, request.revision, request.store_id
        )

    async def update_namespace_status(self, request: pb.UpdateNamespaceStatusRequest, context: Any) -> bytes:
        """Replace the status."""
        return await self._namespaces.replace_part(request.namespace, _put_status)

    async def finalize_namespace(self, request: pb.FinalizeNamespaceRequest, context: Any) -> bytes:
        """Replace the finalizers."""
        return await self._namespaces.replace_part(request.namespace, _put_finalizers)


def _put_status(namespace: namespace_pb2.Namespace, given: namespace_pb2.Namespace) -> None:
    namespace.status.CopyFrom(given.status)


def _put_finalizers(namespace: namespace_pb2.Namespace, given: namespace_pb2.Namespace) -> None:
    namespace.spec.finalizers[:] = given.spec.finalizers
