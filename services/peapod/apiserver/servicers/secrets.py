"""Secrets over gRPC."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from peapod.apiserver.registry import Registry
from peapod.v1 import secret_pb2
from peapod.v1 import secret_service_pb2 as pb
from peapod.v1.secret_service_rpc import SecretServiceServicer


class Secrets(SecretServiceServicer):
    """The verbs of secrets."""

    def __init__(self, secrets: Registry[secret_pb2.Secret]) -> None:
        self._secrets = secrets

    async def create_secret(self, request: pb.CreateSecretRequest, context: Any) -> bytes:
        """Store a new one."""
        return await self._secrets.create(request.secret, validate_only=request.validate_only)

    async def get_secret(self, request: pb.GetSecretRequest, context: Any) -> bytes:
        """Answer with one."""
        return await self._secrets.get(request.namespace, request.name)

    async def list_secrets(self, request: pb.ListSecretsRequest, context: Any) -> bytes:
        """Answer with a snapshot."""
        return await self._secrets.list(request.namespace, request.label_selector, request.field_selector)

    async def update_secret(self, request: pb.UpdateSecretRequest, context: Any) -> bytes:
        """Replace what is mutable."""
        return await self._secrets.update(request.secret)

    async def delete_secret(self, request: pb.DeleteSecretRequest, context: Any) -> bytes:
        """Remove one."""
        return await self._secrets.delete(request.namespace, request.name, request.uid, request.resource_version)

    def watch_secrets(self, request: pb.WatchSecretsRequest, context: Any) -> AsyncGenerator[bytes, None]:
        """Stream changes."""
        return self._secrets.watch(
            request.namespace, request.label_selector, request.field_selector, request.revision, request.store_id
        )
