"""Passes the messages of a WebSocket on, both ways."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from peapod.gateway.forward import headers, problems, upstream
from peapod.gateway.forward.destination import Destination
from peapod.gateway.forward.place import Place
from peapod.gateway.forward.race import first_of

MESSAGE_MOST = 16 * 1024 * 1024
"""Bytes of one message, in either direction."""
WAITING_MOST = 4
"""Messages that wait for a slow client; then the server waits."""

NORMAL, NO_CODE, LOST, WENT_WRONG = 1000, 1005, 1006, 1011
_NEVER_SENT = {NO_CODE: NORMAL, LOST: WENT_WRONG}
"""What is said for codes that only stand for others which were not."""


class Unredirected(connect):
    """A connection to the server that is meant, and to no other to which it may point."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follow nothing."""
        return exc


async def forward(scope: Scope, receive: Receive, send: Send, place: Place, destination: Destination) -> None:
    """Pass a WebSocket on; its end on one side, with its code, becomes the end on the other.

    An answer of the server that is no WebSocket is passed on as it is. Raises before that, and never afterwards.
    """
    client = WebSocket(scope, receive, send)
    try:
        server = await _connecting(scope, place, destination)
    except InvalidStatus as refused:
        await client.receive()
        await client.send_denial_response(_denial(refused))
        return
    except (OSError, WebSocketException) as error:
        raise problems.unreachable(f"ws://{destination}{place.target}", _why(error)) from error
    try:
        answered = headers.accepted(server.response.headers.raw_items()) if server.response else []
        await client.accept(subprotocol=server.subprotocol, headers=answered)
        await first_of(_up(client, server), _down(client, server))
    finally:
        server.transport.abort()


def _connecting(scope: Scope, place: Place, destination: Destination) -> connect:
    return Unredirected(
        f"ws://{destination}{place.target}",
        host=destination.host,
        port=destination.number,
        additional_headers=headers.handshake(scope, place),
        subprotocols=[Subprotocol(word) for word in scope["subprotocols"]] or None,
        user_agent_header=None,
        compression=None,
        proxy=None,
        open_timeout=upstream.CONNECT_SECONDS,
        # Pongs wait behind messages that a slow reader has not taken yet, so that their absence tells nothing.
        ping_timeout=None,
        max_size=MESSAGE_MOST,
        max_queue=WAITING_MOST,
    )


async def _up(client: WebSocket, server: ClientConnection) -> None:
    try:
        while (message := await client.receive())["type"] == "websocket.receive":
            await server.send(_content(message))
        code = message.get("code") or NO_CODE
        await server.close(_NEVER_SENT.get(code, code), message.get("reason") or "")
    except ConnectionClosed:
        # The other direction tells why.
        await server.wait_closed()


async def _down(client: WebSocket, server: ClientConnection) -> None:
    try:
        try:
            while True:
                await client.send(_message(await server.recv()))
        except ConnectionClosed:
            code = server.close_code or LOST
            await client.close(_NEVER_SENT.get(code, code), server.close_reason or None)
    except (WebSocketDisconnect, WebSocketDisconnected, WebSocketException):
        # The client has left meanwhile.
        return


def _content(message: Any) -> str | bytes:
    text: str | None = message.get("text")
    data: bytes | None = message.get("bytes")
    return text if text is not None else data or b""


def _message(content: str | bytes) -> dict[str, Any]:
    return {"type": "websocket.send", "text" if isinstance(content, str) else "bytes": content}


def _denial(refused: InvalidStatus) -> Response:
    answer = refused.response
    response = Response(bytes(answer.body or b""), answer.status_code)
    given = headers.accepted(answer.headers.raw_items())
    response.raw_headers = [(name, value) for name, value in given if name != b"content-length"]
    return response


def _why(error: Exception) -> str:
    if isinstance(error, InvalidMessage):
        return "malformed HTTP response"
    return upstream.why(error) if isinstance(error, OSError) else str(error)
