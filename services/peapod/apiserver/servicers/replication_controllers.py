"""What replication controllers have beyond the standard verbs."""

from __future__ import annotations

from typing import Any

from peapod.apiserver.servicers.standard import Standard, put_status
from peapod.v1 import replication_controller_pb2
from peapod.v1 import replication_controller_service_pb2 as pb


class ReplicationControllers(Standard[replication_controller_pb2.ReplicationController]):
    """The verbs of replication controllers."""

    async def update_replication_controller_status(
        self, request: pb.UpdateReplicationControllerStatusRequest, context: Any
    ) -> bytes:
        """Replace the status."""
        return await self.registry.replace_part(request.replication_controller, put_status)
