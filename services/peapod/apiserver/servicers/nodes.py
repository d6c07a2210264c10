"""What nodes have beyond the standard verbs."""

from __future__ import annotations

from typing import Any

from peapod.apiserver.resources import node_report
from peapod.apiserver.resources.metadata import now
from peapod.apiserver.servicers.standard import Standard, put_status
from peapod.common.errors import AlreadyExists, NotFound
from peapod.v1 import meta_pb2, node_pb2
from peapod.v1 import node_service_pb2 as pb


class Nodes(Standard[node_pb2.Node]):
    """The verbs of nodes."""

    async def heartbeat_node(self, request: pb.HeartbeatNodeRequest, context: Any) -> bytes:
        """Take a node's report; the first one registers the node."""
        report = request.node
        while True:
            try:
                await self.registry.change("", report.metadata.name, lambda node: node_report.take(node, report, now()))
                return await self.registry.get("", report.metadata.name)
            except NotFound:
                node_report.date(report.status, node_pb2.NodeStatus(), now())
                try:
                    return await self.registry.create(_new_node(report))
                except AlreadyExists:
                    continue

    async def update_node_status(self, request: pb.UpdateNodeStatusRequest, context: Any) -> bytes:
        """Replace the status as somebody else than the node sees it."""
        return await self.registry.replace_part(request.node, put_status)


def _new_node(report: node_pb2.Node) -> node_pb2.Node:
    metadata = meta_pb2.ObjectMeta(name=report.metadata.name, labels=report.metadata.labels)
    return node_pb2.Node(metadata=metadata, spec=report.spec, status=report.status)
