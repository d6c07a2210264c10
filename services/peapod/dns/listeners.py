"""The two sockets on which questions come: one port, over UDP and over TCP."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, cast

from peapod.common import process
from peapod.common.address import HostPort
from peapod.common.errors import Unavailable
from peapod.dns.desk import Desk

logger = logging.getLogger(__name__)

DRAWS = 20
"""How often another free port is tried, when one is free for TCP and taken for UDP."""
CONNECTIONS_MOST = 200
"""How many connections there may be; one more is closed at once."""
IDLE_SECONDS = 10.0
"""How long a connection may take for its next question, or for reading an answer."""

Send = Callable[[bytes], None]


class Listeners:
    """Hands questions to a desk. `start` once, `stop` once; `place` is then what a port of 0 became."""

    def __init__(self, desk: Desk, place: HostPort) -> None:
        self.place = place
        self._desk = desk
        self.tasks: set[asyncio.Task[None]] = set()
        self._connections = 0
        self._datagrams: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; raises `Unavailable` when the port cannot be had."""
        stream, datagrams = _open(self.place)
        self.place = self.place._replace(port=stream.getsockname()[1])
        loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._connected, sock=stream)
        self._datagrams, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self._answer), sock=datagrams)

    async def stop(self) -> None:
        """Take no more questions, and leave those that came without an answer."""
        if self._server is not None:
            self._server.close()
        if self._datagrams is not None:
            self._datagrams.close()
        await process.end(*self.tasks)

    def _answer(self, packet: bytes, send: Send) -> None:
        self._begin(self._answer_datagram(packet, send))

    async def _answer_datagram(self, packet: bytes, send: Send) -> None:
        reply = await self._desk.answer(packet, datagram=True)
        if reply is not None:
            send(reply)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._connections >= CONNECTIONS_MOST:
            writer.close()
            return
        self._connections += 1
        self._begin(self._converse(reader, writer))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the questions of a connection in their order, until it ends or is idle."""
        writer.transport.set_write_buffer_limits(high=0)
        try:
            while True:
                async with asyncio.timeout(IDLE_SECONDS):
                    packet = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                reply = await self._desk.answer(packet, datagram=False)
                if reply is None:
                    return
                writer.write(len(reply).to_bytes(2, "big") + reply)
                async with asyncio.timeout(IDLE_SECONDS):
                    await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            self._connections -= 1
            # All answers have left, or their reader is too slow to be waited for.
            writer.transport.abort()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class _Datagrams(asyncio.DatagramProtocol):
    """Hands each datagram on with a way back to its sender."""

    def __init__(self, answer: Callable[[bytes, Send], None]) -> None:
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Learn how to send."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Hand one on."""
        self._answer(data, partial(self._send, addr))

    def pause_writing(self) -> None:
        """Drop answers, which are asked for again, rather than keep ever more of them."""
        self._full = True

    def resume_writing(self) -> None:
        """Send again."""
        self._full = False

    def _send(self, receiver: Any, reply: bytes) -> None:
        if self._transport is not None and not self._full:
            self._transport.sendto(reply, receiver)


def _open(place: HostPort) -> tuple[socket.socket, socket.socket]:
    """Bind one port for TCP and for UDP."""
    for _ in range(1 if place.port else DRAWS):
        stream = _bind(place, socket.SOCK_STREAM)
        try:
            return stream, _bind(HostPort(place.host, stream.getsockname()[1]), socket.SOCK_DGRAM)
        except Unavailable as error:
            stream.close()
            problem = error
    raise problem


def _bind(place: HostPort, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    made = socket.socket(family, kind)
    try:
        if kind == socket.SOCK_STREAM:
            # A port is free again at once when whoever had it has ended.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setblocking(False)
        made.bind(tuple(place))
    except OSError as error:
        made.close()
        protocol = "TCP" if kind == socket.SOCK_STREAM else "UDP"
        why = (error.strerror or errno.errorcode.get(error.errno or 0, str(error))).lower()
        raise Unavailable(f"cannot listen on {place} over {protocol}: {why}") from error
    return made
