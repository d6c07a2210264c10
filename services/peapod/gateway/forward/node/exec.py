"""`/exec/{namespace}/{pod}[/{uid}]/{container}?command=...`: a command that one talks to, over a WebSocket."""

from __future__ import annotations

from contextlib import suppress

import grpc
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from peapod.common.errors import Invalid, PeapodError, from_rpc
from peapod.gateway.forward.directory import Directory
from peapod.gateway.forward.node import channels, pods
from peapod.gateway.forward.node.asked import Asked, container_of, refuse_other_sites, said
from peapod.gateway.forward.node.conversation import Requests, spoken
from peapod.gateway.forward.race import first_of
from peapod.v1.exec_pb2 import ExecOptions
from peapod.v1.pod_service_pb2 import ExecInPodRequest, ExecTarget
from peapod.v1.pod_service_rpc import PodServiceClient

NORMAL, UNREADABLE = 1000, 1003


async def exec_in(client: PodServiceClient, directory: Directory, asked: Asked, socket: WebSocket) -> None:
    """Run a command and join it to the WebSocket; a client that leaves has it killed.

    How it ended, or why it could not run, is the last frame.
    """
    refuse_other_sites(socket.scope)
    wanted = container_of(asked)
    options = ExecOptions(command=asked.query.get("command", []), stdin=asked.flag("input"), tty=asked.flag("tty"))
    shown = _shown(asked)
    protocol = spoken(socket, channels.PROTOCOLS)
    if socket.scope["subprotocols"] and protocol is None:
        raise said(400, f"The protocols that are spoken here are {', '.join(channels.PROTOCOLS)}")
    await pods.find(directory, asked, wanted)
    target = ExecTarget(namespace=wanted.namespace, name=wanted.pod, container=wanted.container, options=options)
    await socket.accept(subprotocol=protocol)
    requests = Requests(ExecInPodRequest(target=target), lambda frame: _request(frame, stdin=options.stdin))
    with suppress(WebSocketDisconnect, WebSocketDisconnected):
        try:
            await first_of(requests.listen(socket), _converse(client, socket, requests, shown))
        except Invalid as unreadable:
            await _close(socket, channels.failure(unreadable), UNREADABLE)
        finally:
            requests.end()


def _shown(asked: Asked) -> frozenset[str]:
    """Say which outputs the client wants; raises `Refusal` when it wants no part in anything."""
    wanted = {"stdout": "output", "stderr": "error"}
    shown = frozenset(output for output, name in wanted.items() if asked.flag(name))
    if not shown and not asked.flag("input"):
        raise said(400, "You must specify at least 1 of stdin, stdout, stderr")
    return shown


def _request(frame: bytes, *, stdin: bool) -> ExecInPodRequest | None:
    given = channels.read(frame)
    if given is None or (not stdin and given.WhichOneof("input") != "size"):
        return None
    return ExecInPodRequest(input=given)


async def _converse(
    client: PodServiceClient, socket: WebSocket, requests: Requests[ExecInPodRequest], shown: frozenset[str]
) -> None:
    last = channels.failure(PeapodError("the server did not tell how the command ended"))
    try:
        async with client.exec_in_pod(requests) as answers:
            async for answer in answers:
                output = answer.output
                if output.WhichOneof("output") == "exit_code":
                    last = channels.write(output)
                elif output.WhichOneof("output") in shown:
                    await socket.send_bytes(channels.write(output))
    except grpc.RpcError as error:
        last = channels.failure(from_rpc(error))
    await _close(socket, last, NORMAL)


async def _close(socket: WebSocket, last: bytes, code: int) -> None:
    await socket.send_bytes(last)
    await socket.close(code)
