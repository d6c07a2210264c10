"""A node whose kubelet is the small one of `fake_kubelet`, with a pod on it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from peapod.common.server import Server
from peapod.v1.kubelet_service_rpc import DESCRIPTOR, kubelet_service_handler
from peapod.v1.node_service_pb2 import HeartbeatNodeRequest
from tests.support.apiserver import Api
from tests.support.fake_kubelet import FakeKubelet
from tests.support.objects import TRUE, make_node


@asynccontextmanager
async def fake_node(api: Api, name: str = "n1") -> AsyncGenerator[FakeKubelet]:
    """Run a kubelet, and have the API know it as the node `name`."""
    kubelet = FakeKubelet()
    server = Server(
        "127.0.0.1:0", "test", lambda guard: [kubelet_service_handler(kubelet, guard)], [DESCRIPTOR.full_name]
    )
    await server.start()
    try:
        node = make_node(name, ready=TRUE)
        node.status.daemon_endpoints.kubelet_address = server.address
        node.status.node_info.machine_id = f"machine-{name}"
        await api.nodes.heartbeat_node(HeartbeatNodeRequest(node=node))
        yield kubelet
    finally:
        await server.stop(0)
