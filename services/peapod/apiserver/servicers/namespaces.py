"""What namespaces have beyond the standard verbs."""

from __future__ import annotations

from typing import Any

from peapod.apiserver.registry import DEFAULT_NAMESPACE
from peapod.apiserver.servicers.standard import Standard, put_status
from peapod.common.errors import NotReady
from peapod.v1 import namespace_pb2
from peapod.v1 import namespace_service_pb2 as pb


class Namespaces(Standard[namespace_pb2.Namespace]):
    """The verbs of namespaces."""

    async def delete(self, request: pb.DeleteNamespaceRequest, context: Any) -> bytes:
        """Begin the end of one, which its finalizers bring about; one without any is gone at once."""
        if request.name == DEFAULT_NAMESPACE:
            raise NotReady(f"Namespace {request.name} is where objects without one go: it stays")
        return await super().delete(request, context)

    async def update_namespace_status(self, request: pb.UpdateNamespaceStatusRequest, context: Any) -> bytes:
        """Replace the status."""
        return await self.registry.replace_part(request.namespace, put_status)

    async def finalize_namespace(self, request: pb.FinalizeNamespaceRequest, context: Any) -> bytes:
        """Replace the finalizers; a namespace that is being deleted goes with the last of them."""
        return await self.registry.replace_part(request.namespace, _put_finalizers)


def _put_finalizers(namespace: namespace_pb2.Namespace, given: namespace_pb2.Namespace) -> None:
    namespace.spec.finalizers[:] = given.spec.finalizers
