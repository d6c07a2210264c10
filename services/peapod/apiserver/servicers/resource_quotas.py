"""What resource quotas have beyond the standard verbs."""

from __future__ import annotations

from typing import Any

from peapod.apiserver.servicers.standard import Standard, put_status
from peapod.v1 import resource_quota_pb2
from peapod.v1 import resource_quota_service_pb2 as pb


class ResourceQuotas(Standard[resource_quota_pb2.ResourceQuota]):
    """The verbs of resource quotas."""

    async def update_resource_quota_status(self, request: pb.UpdateResourceQuotaStatusRequest, context: Any) -> bytes:
        """Replace the status."""
        return await self.registry.replace_part(request.resource_quota, put_status)
