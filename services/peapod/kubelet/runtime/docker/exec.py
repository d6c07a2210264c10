"""What a command inside a container and its caller say to one another, over the connection that the engine gave up."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from peapod.kubelet.runtime.docker.client import Engine
from peapod.kubelet.runtime.docker.command import Command
from peapod.kubelet.runtime.docker.errors import unavailable
from peapod.kubelet.runtime.docker.line import Line
from peapod.kubelet.runtime.docker.state import one_line
from peapod.kubelet.runtime.runtime import Chunk, LaunchError

PIECE = 64 * 1024
"""Bytes of output that are handed on at once, at most."""

_HEADER = struct.Struct(">BxxxL")
_STDERR = 2
_END_OF_TRANSMISSION = b"\x04"


class DockerExecution:
    """A command that runs."""

    def __init__(self, command: Command, connection: Line, *, stdin: bool, tty: bool) -> None:
        self._command = command
        self._reader, self._writer = connection
        self._tty = tty
        self._takes_input = stdin
        self._all_read = asyncio.Event()
        self._closed = False

    async def output(self) -> AsyncIterator[Chunk]:
        """Stream pieces as they come; the engine waits while nobody reads."""
        try:
            async for chunk in _raw(self._reader) if self._tty else _frames(self._reader):
                yield chunk
        except (OSError, EOFError) as error:
            raise unavailable(error) from error
        finally:
            self._all_read.set()

    async def write(self, data: bytes) -> None:
        """Send input as far as the command takes it."""
        if self._takes_input:
            with suppress(OSError):
                self._writer.write(data)
                await self._writer.drain()

    async def end_input(self) -> None:
        """Close the way in; TLS cannot be closed by half."""
        if self._tty:
            await self.write(_END_OF_TRANSMISSION)
        elif self._takes_input and self._writer.can_write_eof():
            with suppress(OSError):
                self._writer.write_eof()
        self._takes_input = False

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the engine."""
        if self._tty:
            await self._command.resize(columns, rows)

    async def wait(self) -> int:
        """Ask the engine; it may say that the command has ended a moment after its output has."""
        await self._all_read.wait()
        return await self._command.exit_code()

    async def close(self) -> None:
        """Break off the connection, and kill the command's processes where they can be seen from here."""
        if not self._closed:
            self._closed = True
            # Not closed, which would wait until all input is taken.
            self._writer.transport.abort()
            await self._command.kill()


async def execute(engine: Engine, container: str, command: Sequence[str], *, stdin: bool, tty: bool) -> DockerExecution:
    """Run a command; return when it runs. Raises as `Runtime.exec` does."""
    created = await Command.create(engine, container, command, stdin=stdin, tty=tty)
    try:
        connection = await created.start()
        try:
            if not await created.has_run():
                raise LaunchError(await _last_words(connection[0], tty))
        except BaseException:
            connection[1].transport.abort()
            raise
        return DockerExecution(created, connection, stdin=stdin, tty=tty)
    except BaseException:
        await created.kill()
        raise


async def _last_words(reader: asyncio.StreamReader, tty: bool) -> str:
    """Read why a command cannot be run, which the engine says where the output would be."""
    try:
        said = b"".join([chunk.data async for chunk in (_raw(reader) if tty else _frames(reader))])
    except (OSError, EOFError) as error:
        raise unavailable(error) from error
    return one_line(said.decode(errors="replace")) or "the command cannot be run"


async def _raw(reader: asyncio.StreamReader) -> AsyncIterator[Chunk]:
    while data := await reader.read(PIECE):
        yield Chunk(False, data)


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[Chunk]:
    """Take apart the two streams; a frame may be longer than what is handed on at once."""
    while header := await _header(reader):
        stream, length = _HEADER.unpack(header)
        while length:
            data = await reader.read(min(length, PIECE))
            if not data:
                raise ConnectionResetError("the connection broke off")
            length -= len(data)
            yield Chunk(stream == _STDERR, data)


async def _header(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readexactly(_HEADER.size)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return b""
