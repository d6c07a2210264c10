"""A WebSocket of a client joined to a gRPC call of both directions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from starlette.websockets import WebSocket

R = TypeVar("R")


class Requests(Generic[R]):
    """What a client says, as the requests of a call: the first one, then what `read` makes of its messages.

    One message waits at most; a client that is faster than the call waits itself.
    """

    def __init__(self, first: R, read: Callable[[bytes], R | None]) -> None:
        self._first = first
        self._read = read
        self._next: asyncio.Queue[R | None] = asyncio.Queue(1)

    async def listen(self, client: WebSocket) -> None:
        """Take what the client says until it has left; raises what `read` raises."""
        while (message := await client.receive())["type"] == "websocket.receive":
            text = message.get("text")
            request = self._read(text.encode() if text is not None else message.get("bytes") or b"")
            if request is not None:
                await self._next.put(request)

    def end(self) -> None:
        """Let go of a call that still waits for a request; one that does not wait notices by itself."""
        with suppress(asyncio.QueueFull):
            self._next.put_nowait(None)

    async def __aiter__(self) -> AsyncGenerator[R, None]:
        yield self._first
        while (request := await self._next.get()) is not None:
            yield request


def spoken(client: WebSocket, known: Sequence[str]) -> str | None:
    """Choose a protocol that both know; None when the client names none, or none of these."""
    return next((one for one in known if one in client.scope["subprotocols"]), None)
