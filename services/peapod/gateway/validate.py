"""`/validate`: how the parts of the cluster are, as far as the gateway can tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
import grpc.aio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from peapod.common.errors import from_rpc
from peapod.gateway.diagnostics import ANSWER_SECONDS, HealthClient
from peapod.gateway.item import dumps
from peapod.v1 import meta_pb2, node_pb2
from peapod.v1.node_service_pb2 import ListNodesRequest
from peapod.v1.node_service_rpc import NodeServiceClient

SUCCESS, FAILURE, UNKNOWN = ("success", 0), ("failure", 1), ("unknown", 2)
FINE = "nil"
"""What stands for no error."""

_HEALTH = {meta_pb2.CONDITION_STATUS_TRUE: SUCCESS, meta_pb2.CONDITION_STATUS_FALSE: FAILURE}


def routes(channel: grpc.aio.Channel) -> list[BaseRoute]:
    """Make the route; `channel` leads to the apiserver."""
    health, nodes = HealthClient(channel), NodeServiceClient(channel)

    async def validate(request: Request) -> Response:
        problem = await health.problem()
        components = [_component("apiserver", FAILURE if problem else SUCCESS, "" if problem else "ok", problem)]
        if not problem:
            try:
                answer = await nodes.list_nodes(ListNodesRequest(), timeout=ANSWER_SECONDS)
                components += of_nodes(answer.items)
            except grpc.RpcError as error:
                components = [_component("apiserver", FAILURE, "", from_rpc(error).message)]
        return Response(dumps(components), media_type="application/json")

    return [Route("/validate", validate)]


def of_nodes(nodes: Iterable[node_pb2.Node]) -> list[dict[str, Any]]:
    """Tell of every node what its Ready condition says."""
    return [_of_node(f"node-{number}", node) for number, node in enumerate(nodes)]


def _of_node(component: str, node: node_pb2.Node) -> dict[str, Any]:
    ready = next((condition for condition in node.status.conditions if condition.type == "Ready"), None)
    health = _HEALTH.get(ready.status, UNKNOWN) if ready else UNKNOWN
    if health is SUCCESS:
        return _component(component, health, f"{node.metadata.name}: ok")
    why = (ready.message or ready.reason if ready else "") or "it has not said that it is ready"
    return _component(component, health, "", f"{node.metadata.name}: {why}")


def _component(name: str, health: tuple[str, int], message: str, error: str = "") -> dict[str, Any]:
    word, number = health
    document: dict[str, Any] = {"component": name, "health": word}
    document |= {"healthCode": number} if number else {}
    document |= {"msg": message} if message else {}
    return document | {"err": error or FINE}
