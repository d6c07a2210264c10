"""`/portForward/{namespace}/{pod}[/{uid}]?port=N`: one connection to a port of a pod, over a WebSocket."""

from __future__ import annotations

from contextlib import suppress

import grpc
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from peapod.common.errors import from_rpc
from peapod.common.rpc import MessageStream
from peapod.gateway.forward import numbers
from peapod.gateway.forward.directory import Directory
from peapod.gateway.forward.node import pods
from peapod.gateway.forward.node.asked import Asked, pod_of, refuse_other_sites, refused, said
from peapod.gateway.forward.node.conversation import Requests
from peapod.gateway.forward.race import first_of
from peapod.v1.pod_service_pb2 import PortForwardPodRequest, PortForwardPodResponse, PortForwardTarget
from peapod.v1.pod_service_rpc import PodServiceClient

NORMAL, WENT_WRONG = 1000, 1011
REASON_MOST = 120
"""Bytes that a WebSocket can say about its end."""


async def port_forward(client: PodServiceClient, directory: Directory, asked: Asked, socket: WebSocket) -> None:
    """Connect, and pass the bytes of every message on; the WebSocket opens once the connection stands.

    It closes when the pod does, and closing it closes the connection.
    """
    refuse_other_sites(socket.scope)
    wanted = pod_of(asked)
    port = numbers.port(asked.one("port"))
    if port is None:
        raise said(400, f"Unable to parse '{asked.one('port')}' as a port: it must be 1 to {numbers.PORT_MOST}")
    await pods.find(directory, asked, wanted)
    target = PortForwardTarget(namespace=wanted.namespace, name=wanted.pod, port=port)
    requests = Requests(PortForwardPodRequest(target=target), _request)
    try:
        async with client.port_forward_pod(requests) as answers:
            await _join(socket, answers, requests, asked)
    finally:
        requests.end()


def _request(data: bytes) -> PortForwardPodRequest | None:
    return PortForwardPodRequest(data=data) if data else None


async def _join(
    socket: WebSocket,
    answers: MessageStream[PortForwardPodResponse],
    requests: Requests[PortForwardPodRequest],
    asked: Asked,
) -> None:
    coming = aiter(answers)
    try:
        await anext(coming)
    except grpc.RpcError as error:
        raise refused(from_rpc(error), asked) from error
    await socket.accept()

    async def pass_on() -> None:
        code, reason = NORMAL, ""
        try:
            async for answer in coming:
                await socket.send_bytes(answer.data)
        except grpc.RpcError as error:
            code, reason = WENT_WRONG, from_rpc(error).message
        await socket.close(code, reason.encode()[:REASON_MOST].decode(errors="ignore"))

    with suppress(WebSocketDisconnect, WebSocketDisconnected):
        await first_of(requests.listen(socket), pass_on())
