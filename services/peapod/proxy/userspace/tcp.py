"""Carries TCP connections: each is accepted, a backend is dialled for it, and bytes are passed on both ways."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from contextlib import suppress

from peapod.common import process
from peapod.proxy.portals import Backend
from peapod.proxy.userspace.balancer import Balancer
from peapod.proxy.userspace.sockets import WAITING_MOST, why
from peapod.proxy.userspace.tally import Tally

logger = logging.getLogger(__name__)

DIAL_SECONDS = (1.0, 2.0, 4.0, 8.0)
"""How long each try may take, each with the next backend."""
PIECE = 64 * 1024
"""Bytes that are read at once. What a slow reader leaves waiting is bounded by a few of these."""

_AT_ONCE = struct.pack("ii", 1, 0)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Connections:
    """All connections that are open, of all portals; they outlive the portal that they came by."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, found: socket.socket, name: str, balancer: Balancer) -> asyncio.Server:
        """Carry what comes to a socket that listens, until the server is closed; open connections go on then."""

        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._carry(name, balancer, (reader, writer)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return await asyncio.start_server(accepted, sock=found, limit=PIECE, backlog=WAITING_MOST)

    async def end(self) -> None:
        """Cut all that are open."""
        await process.end(*self._tasks)

    async def _carry(self, name: str, balancer: Balancer, client: Streams) -> None:
        self._tally.connections += 1
        try:
            backend = await self._dial(name, balancer, client[1].get_extra_info("peername"))
            if backend is None:
                _reset(client)
            else:
                await _relay(client, backend)
        finally:
            _reset(client)
            self._tally.connections -= 1

    async def _dial(self, name: str, balancer: Balancer, peer: tuple[str, int] | None) -> Streams | None:
        failed: dict[Backend, str] = {}
        for seconds in DIAL_SECONDS:
            backend = balancer.choose(peer[0] if peer else "", failed)
            if backend is None:
                break
            try:
                async with asyncio.timeout(seconds):
                    return await asyncio.open_connection(*backend, limit=PIECE)
            except TimeoutError:
                failed[backend] = f"no answer in {seconds:g} s"
            except OSError as error:
                failed[backend] = why(error)
            self._tally.failed_dials += 1
        tried = "; ".join(f"{backend}: {problem}" for backend, problem in failed.items())
        logger.warning("service %s: nobody to connect a client to (%s)", name, tried or "no endpoints")
        return None


async def _relay(client: Streams, backend: Streams) -> None:
    """Pass on until both sides have said all. A side that breaks off breaks off the other."""
    for _, writer in (client, backend):
        # Of a peer that vanished without a word, one hears only by asking.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    try:
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass_on(client[0], backend[1]))
                both.create_task(_pass_on(backend[0], client[1]))
        except* OSError:
            _reset(client)
        else:
            for _, writer in (client, backend):
                await _close(writer)
    finally:
        _reset(backend)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(PIECE):
        writer.write(piece)
        await writer.drain()
    # One side has said all, and may still want to hear the rest.
    writer.write_eof()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _reset(streams: Streams) -> None:
    """Break off, so that the other side sees no end that looks like a good one. Idempotent, and harmless behind one."""
    transport = streams[1].transport
    if not transport.is_closing():
        with suppress(OSError):
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
