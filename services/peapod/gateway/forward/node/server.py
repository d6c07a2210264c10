"""Stands in for the HTTP server of every node's kubelet."""

from __future__ import annotations

import grpc.aio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from peapod.common.errors import NotFound, PeapodError
from peapod.common.kinds import NODE
from peapod.gateway.forward import headers
from peapod.gateway.forward.destination import NODE_PORT
from peapod.gateway.forward.directory import Directory
from peapod.gateway.forward.node import exec as commands
from peapod.gateway.forward.node import info, logs, port_forward, run
from peapod.gateway.forward.node.asked import Asked, read, refused, said
from peapod.gateway.forward.place import Place
from peapod.gateway.forward.problems import Refusal
from peapod.v1 import node_pb2
from peapod.v1.pod_service_rpc import PodServiceClient

METHODS = ("GET", "POST", "PUT")

UPGRADE_REQUIRED, UNIMPLEMENTED = 426, 501

_NOT_KNOWN_HERE = {
    "stats": "There is no cAdvisor: what containers use is not measured",
    "logs": "The files of nodes are not served; a container's log is at /containerLogs",
    "metrics": "A node's measures are where its kubelet was told to serve them (--metrics-address)",
}


class NodeServer:
    """Answers from the objects of the API, and by the calls that the apiserver relays to nodes."""

    def __init__(self, channel: grpc.aio.Channel, directory: Directory) -> None:
        self._pods = PodServiceClient(channel)
        self._directory = directory

    async def serve(self, place: Place, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or a WebSocket; raises `Refusal` before the answer has begun."""
        asked = read(place)
        if place.port not in ("", str(NODE_PORT)):
            raise said(400, f"A node's server is at port {NODE_PORT}, not {place.port}")
        node = await self._node(asked)
        if scope["type"] == "websocket":
            await self._talk(asked, WebSocket(scope, receive, send))
            return
        refuse_upgrades(scope, asked)
        verb = asked.words[0] if asked.words else ""
        if verb == "containerLogs":
            await logs.container_logs(self._pods, self._directory, asked, receive, send)
        elif verb == "run":
            await run.run(self._pods, self._directory, asked, scope, receive, send)
        else:
            await (await self._tell(asked, node))(scope, receive, send)

    async def _node(self, asked: Asked) -> node_pb2.Node:
        try:
            found: node_pb2.Node = await self._directory.get(NODE, "", asked.node)
        except NotFound:
            raise
        except PeapodError as error:
            raise refused(error, asked) from error
        return found

    async def _talk(self, asked: Asked, socket: WebSocket) -> None:
        match asked.words[:1]:
            case ["exec"]:
                await commands.exec_in(self._pods, self._directory, asked, socket)
            case ["portForward"]:
                await port_forward.port_forward(self._pods, self._directory, asked, socket)
            case _:
                raise said(400, f"{asked.path} is no WebSocket")

    async def _tell(self, asked: Asked, node: node_pb2.Node) -> Response:
        match [word for word in asked.words if word]:
            case ["podInfo"]:
                return await info.pod_info(self._directory, asked, versioned=False)
            case ["api", "v1beta1", "podInfo"]:
                return await info.pod_info(self._directory, asked, versioned=True)
            case ["api", "v1beta1", "nodeInfo"]:
                return info.node_info(node)
            case ["pods"]:
                return await info.pod_list(self._directory, asked)
            case ["spec"]:
                return info.spec(node)
            case ["healthz"]:
                return info.healthz(node)
            case [verb, *_] if verb in _NOT_KNOWN_HERE:
                raise said(UNIMPLEMENTED, f"{_NOT_KNOWN_HERE[verb]}.")
        raise said(404, "404 page not found")


def refuse_upgrades(scope: Scope, asked: Asked) -> None:
    """Raise `Refusal` for SPDY, and for what needs a WebSocket and is none; it says what to use instead."""
    upgrade = headers.first(scope["headers"], b"upgrade").decode("latin-1")
    verb = asked.words[0] if asked.words else ""
    command = {"exec": "peapod exec", "portForward": "peapod port-forward"}.get(verb)
    if upgrade.lower().startswith("spdy"):
        text = f"{upgrade} is not spoken here: use `{command or 'peapod exec'}`, or a WebSocket"
    elif command:
        text = f"This needs a WebSocket: open one here, or use `{command}`"
    else:
        return
    raise Refusal(UPGRADE_REQUIRED, f"{text}\n", {"Upgrade": "websocket", "Connection": "Upgrade"})
