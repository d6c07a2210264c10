"""The verbs that every kind has, over gRPC: written once, under the names that the contract gives them on each kind."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Generic

import grpc

from peapod.apiserver.registry import Registry
from peapod.apiserver.resources.strategy import R
from peapod.common.kinds import Kind
from peapod.common.rpc import Guard

VERBS = ("Create", "Get", "List", "Update", "Delete", "Watch")


class Standard(Generic[R]):
    """A kind's servicer. A kind with verbs of its own, or with a way of its own to do one, has a subclass."""

    def __init__(self, registry: Registry[R]) -> None:
        self.kind: Kind = registry.strategy.of
        self.registry = registry
        for verb in VERBS:
            setattr(self, self.kind.method(verb), getattr(self, verb.lower()))

    def handler(self, guard: Guard) -> grpc.GenericRpcHandler:
        """Serve the kind, each call under `guard`; raises AttributeError where it lacks a method."""
        return self.kind.handler(self, guard)

    async def create(self, request: Any, context: Any) -> bytes:
        """Store a new one."""
        return await self.registry.create(self.kind.of(request), validate_only=request.validate_only)

    async def get(self, request: Any, context: Any) -> bytes:
        """Answer with one."""
        return await self.registry.get(self.namespace(request), request.name)

    async def list(self, request: Any, context: Any) -> bytes:
        """Answer with a snapshot."""
        return await self.registry.list(self.namespace(request), request.label_selector, request.field_selector)

    async def update(self, request: Any, context: Any) -> bytes:
        """Replace what is mutable."""
        return await self.registry.update(self.kind.of(request))

    async def delete(self, request: Any, context: Any) -> bytes:
        """Remove one."""
        return await self.registry.delete(self.namespace(request), request.name, request.uid, request.resource_version)

    def watch(self, request: Any, context: Any) -> AsyncGenerator[bytes, None]:
        """Stream changes."""
        return self.registry.watch(
            self.namespace(request),
            request.label_selector,
            request.field_selector,
            request.revision,
            request.store_id,
        )

    def namespace(self, request: Any) -> str:
        """Read the namespace that a request names; the requests of kinds outside namespaces cannot."""
        return str(request.namespace) if self.kind.namespaced else ""


def put_status(stored: Any, given: Any) -> None:
    """Replace an object's status, in place."""
    stored.status.CopyFrom(given.status)
