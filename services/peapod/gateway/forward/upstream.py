"""One request to the HTTP server of a pod or a service, on a connection of its own."""

from __future__ import annotations

import asyncio
import os

import h11

from peapod.gateway.forward.destination import Destination
from peapod.gateway.forward.headers import Headers

CONNECT_SECONDS = 10.0
PIECE = 64 * 1024
"""Bytes that are read at once, at most."""
STATUS_MOST = 599

Broken = (OSError, h11.ProtocolError)
"""What calls here raise when the connection is lost, or when what the server says is no HTTP."""


class Exchange:
    """Sends and receives at the same time, as fast as the slower side; use `open`, and `close` it however it ended."""

    def __init__(self, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)

    @classmethod
    async def open(cls, destination: Destination) -> Exchange:
        """Connect; raises OSError, also when that takes too long."""
        loop = asyncio.get_running_loop()
        reader = _Reader(PIECE, loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        async with asyncio.timeout(CONNECT_SECONDS):
            transport, _ = await loop.create_connection(lambda: protocol, destination.host, destination.number)
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    async def begin(self, method: str, target: str, headers: Headers) -> None:
        """Send the head of the request; raises h11.LocalProtocolError when it cannot be said in HTTP."""
        await self._send(h11.Request(method=method, target=target, headers=headers))

    async def write(self, data: bytes) -> None:
        """Send a piece of the body."""
        await self._send(h11.Data(data=data))

    async def end(self) -> None:
        """Say that the body has ended."""
        await self._send(h11.EndOfMessage())

    async def response(self) -> h11.Response:
        """Read the head of the final answer."""
        while isinstance(event := await self._next(), h11.InformationalResponse):
            pass
        if not isinstance(event, h11.Response) or event.status_code > STATUS_MOST:
            raise h11.RemoteProtocolError("the answer is none of HTTP/1.1")
        return event

    async def read(self) -> bytes:
        """Read the next piece of the answer's body; empty at its end."""
        event = await self._next()
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    def close(self) -> None:
        """Hang up, at once, whatever is still to be sent or read."""
        self._writer.transport.abort()

    async def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    async def _next(self) -> h11.Event | type[h11.PAUSED]:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            data = await self._reader.read(PIECE)
            if not data and self._reader.broken is not None:
                raise self._reader.broken
            self._http.receive_data(data)
        return event  # type: ignore[return-value]


class _Reader(asyncio.StreamReader):
    """Gives what came before the connection broke, such as an answer that did not wait for the whole request."""

    broken: Exception | None = None

    def set_exception(self, exc: Exception) -> None:
        self.broken = exc
        self.feed_eof()


def why(error: Exception) -> str:
    """Say in a few words why a server was not reached, or what was wrong with its answer."""
    if isinstance(error, TimeoutError):
        return "connection timed out"
    if isinstance(error, OSError):
        return os.strerror(error.errno).lower() if error.errno else "the connection was lost"
    return f"malformed HTTP response: {error}"
