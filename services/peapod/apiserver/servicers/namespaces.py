"""What namespaces have beyond the standard verbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peapod.apiserver.registry import DEFAULT_NAMESPACE, Registry
from peapod.apiserver.servicers.standard import Standard, put_status
from peapod.common.errors import NotReady
from peapod.v1 import namespace_pb2
from peapod.v1 import namespace_service_pb2 as pb


class Namespaces(Standard[namespace_pb2.Namespace]):
    """The verbs of namespaces. `contents` are the kinds that keep a namespace from being deleted."""

    def __init__(self, namespaces: Registry[namespace_pb2.Namespace], contents: Sequence[Registry[Any]]) -> None:
        super().__init__(namespaces)
        self._contents = contents

    async def delete(self, request: pb.DeleteNamespaceRequest, context: Any) -> bytes:
        """Remove one that is empty: nobody cleans up behind it yet."""
        if request.name == DEFAULT_NAMESPACE:
            raise NotReady(f"Namespace {request.name} is where objects without one go: it stays")
        for registry in self._contents:
            if left := await registry.count(request.name):
                what = f"{registry.strategy.plural} ({left})"
                raise NotReady(f'Namespace "{request.name}" still has {what}: delete them first')
        return await super().delete(request, context)

    async def update_namespace_status(self, request: pb.UpdateNamespaceStatusRequest, context: Any) -> bytes:
        """Replace the status."""
        return await self.registry.replace_part(request.namespace, put_status)

    async def finalize_namespace(self, request: pb.FinalizeNamespaceRequest, context: Any) -> bytes:
        """Replace the finalizers."""
        return await self.registry.replace_part(request.namespace, _put_finalizers)


def _put_finalizers(namespace: namespace_pb2.Namespace, given: namespace_pb2.Namespace) -> None:
    namespace.spec.finalizers[:] = given.spec.finalizers
