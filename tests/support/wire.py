"""A TCP connection that can be cut or held in the middle, between a client and a server that know nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from peapod.common import address as addresses
from tests.support.netns import Netns, open_connection


class Wire:
    """Relays every connection to its `address` on to `target`, which may be changed, and which may be in a network
    namespace that this process is not in.
    """

    def __init__(self, target: str, there: Netns | None = None) -> None:
        self.target = target
        self._there = there
        self.address = ""
        self._requests = asyncio.Event()
        self._answers = asyncio.Event()
        self.release()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take connections, at the same address each time."""
        port = addresses.parse(self.address).port if self.address else 0
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", port)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Reset all connections that there are."""
        for writer in self._writers:
            writer.transport.abort()

    def hold(self) -> None:
        """Let nothing through, and say nothing."""
        self._requests.clear()
        self._answers.clear()

    def hold_requests(self) -> None:
        """Let answers through, but no more requests."""
        self._requests.clear()

    def hold_answers(self) -> None:
        """Let requests through, but nothing back."""
        self._answers.clear()

    def release(self) -> None:
        """Let through what was held and what comes."""
        self._requests.set()
        self._answers.set()

    async def close(self) -> None:
        """Cut all and take no more connections."""
        if self._server:
            self._server.close()
            self.release()
            self.cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await self._dial()
        except OSError:
            writer.transport.abort()
            return
        for pump in (
            self._pump(reader, far_writer, self._requests),
            self._pump(far_reader, writer, self._answers),
        ):
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place = addresses.parse(self.target)
        if self._there is None:
            return await asyncio.open_connection(place.host, place.port)
        return await open_connection(self._there, place.host, place.port)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event) -> None:
        self._writers.add(writer)
        try:
            with suppress(OSError):
                while data := await reader.read(65536):
                    await flowing.wait()
                    writer.write(data)
                    await writer.drain()
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


@asynccontextmanager
async def wire_to(target: str, there: Netns | None = None) -> AsyncGenerator[Wire]:
    """Open a wire, and close it afterwards."""
    wire = Wire(target, there)
    await wire.open()
    try:
        yield wire
    finally:
        await wire.close()
