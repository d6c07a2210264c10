"""What the kubelet told of its node and of the pods there, as far as the API knows it."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from peapod.codec.versions import V1BETA1
from peapod.common import quantity
from peapod.common.errors import PeapodError
from peapod.common.kinds import POD
from peapod.gateway.forward.directory import Directory
from peapod.gateway.forward.node import pods
from peapod.gateway.forward.node.asked import Asked, Coordinates, refused, said
from peapod.v1 import meta_pb2, node_pb2, pod_pb2

READY = "Ready"


async def pod_list(directory: Directory, asked: Asked) -> Response:
    """Answer with the pods of the node."""
    try:
        found = await directory.ask(POD, "List", field_selector=f"spec.node_name={asked.node}")
    except PeapodError as error:
        raise refused(error, asked) from error
    return JSONResponse(V1BETA1.encode_list(pod_pb2.Pod, found.items, found.revision))


async def pod_info(directory: Directory, asked: Asked, *, versioned: bool) -> Response:
    """Answer with the state of one pod: by itself, or as an object of v1beta1."""
    for name in ("podID", "podNamespace"):
        if not asked.one(name):
            raise said(400, f"Missing '{name}=' query entry.")
    pod = await pods.find(
        directory, asked, Coordinates(asked.one("podNamespace"), asked.one("podID"), asked.one("UUID"))
    )
    state = V1BETA1.encode(pod)["currentState"]
    return JSONResponse(_object("PodStatusResult", {"state": state}) if versioned else state)


def node_info(node: node_pb2.Node) -> Response:
    """Answer with what the node has, and how it is known."""
    document = V1BETA1.encode(node)
    known = {"capacity": document["resources"].get("capacity", {})}
    return JSONResponse(_object("NodeInfo", known | _identity(node)))


def spec(node: node_pb2.Node) -> Response:
    """Answer with what is known of the machine, in cAdvisor's words."""
    capacity = node.status.capacity
    counted = {"num_cores": "cpu", "memory_capacity": "memory"}
    known = {word: quantity.whole(capacity[name]) for word, name in counted.items() if name in capacity}
    info = node.status.node_info
    identity = {"machine_id": info.machine_id, "system_uuid": info.system_uuid, "boot_id": info.boot_id}
    return JSONResponse(known | identity)


def healthz(node: node_pb2.Node) -> Response:
    """Answer with what the node's last word and the controllers' say together."""
    ready = next((condition for condition in node.status.conditions if condition.type == READY), None)
    if ready is not None and ready.status == meta_pb2.CONDITION_STATUS_TRUE:
        return PlainTextResponse("ok")
    why = (ready.message or ready.reason) if ready is not None else ""
    raise said(500, f"Internal Error: node {node.metadata.name} is not ready" + (f": {why}" if why else ""))


def _identity(node: node_pb2.Node) -> dict[str, str]:
    info = node.status.node_info
    return {"machineID": info.machine_id, "systemUUID": info.system_uuid, "bootID": info.boot_id}


def _object(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "creationTimestamp": None, "apiVersion": V1BETA1.name} | content
