"""Nodes over gRPC."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from peapod.apiserver.registry import Registry
from peapod.apiserver.resources import node_report
from peapod.apiserver.resources.metadata import now
from peapod.common.errors import AlreadyExists, NotFound
from peapod.v1 import meta_pb2, node_pb2
from peapod.v1 import node_service_pb2 as pb
from peapod.v1.node_service_rpc import NodeServiceServicer


class Nodes(NodeServiceServicer):
    """The verbs of nodes."""

    def __init__(self, nodes: Registry[node_pb2.Node]) -> None:
        self._nodes = nodes

    async def create_node(self, request: pb.CreateNodeRequest, context: Any) -> bytes:
        """Store a new one."""
        return await self._nodes.create(request.node, validate_only=request.validate_only)

    async def get_node(self, request: pb.GetNodeRequest, context: Any) -> bytes:
        """Answer with one."""
        return await self._nodes.get("", request.name)

    async def list_nodes(self, request: pb.ListNodesRequest, context: Any) -> bytes:
        """Answer with a snapshot."""
        return await self._nodes.list("", request.label_selector, request.field_selector)

    async def update_node(self, request: pb.UpdateNodeRequest, context: Any) -> bytes:
        """Replace what is mutable."""
        return await self._nodes.update(request.node)

    async def delete_node(self, request: pb.DeleteNodeRequest, context: Any) -> bytes:
        """Remove one."""
        return await self._nodes.delete("", request.name, request.uid, request.resource_version)

    def watch_nodes(self, request: pb.WatchNodesRequest, context: Any) -> AsyncGenerator[bytes, None]:
        """Stream changes."""
        return self._nodes.watch("", request.label_selector, request.field_selector, request.revision, request.store_id)

    async def heartbeat_node(self, request: pb.HeartbeatNodeRequest, context: Any) -> bytes:
        """Take a node's report; the first one registers the node."""
        report = request.node
        while True:
            try:
                await self._nodes.change("", report.metadata.name, lambda node: node_report.take(node, report, now()))
                return await self._nodes.get("", report.metadata.name)
            except NotFound:
                node_report.date(report.status, node_pb2.NodeStatus(), now())
                try:
                    return await self._nodes.create(_new_node(report))
                except AlreadyExists:
                    continue

    async def update_node_status(self, request: pb.UpdateNodeStatusRequest, context: Any) -> bytes:
        """Replace the status as somebody else than the node sees it."""
        return await self._nodes.replace_part(request.node, _put_status)


def _new_node(report: node_pb2.Node) -> node_pb2.Node:
    metadata = meta_pb2.ObjectMeta(name=report.metadata.name, labels=report.metadata.labels)
    return node_pb2.Node(metadata=metadata, spec=report.spec, status=report.status)


def _put_status(node: node_pb2.Node, given: node_pb2.Node) -> None:
    node.status.CopyFrom(given.status)
