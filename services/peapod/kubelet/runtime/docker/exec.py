"""Commands inside containers, by the engine's exec: made, taken over on a connection of its own, asked how it ended."""

from __future__ import annotations

import asyncio
import json
import logging
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import requests
from docker import APIClient
from docker.errors import APIError, NotFound

from peapod.kubelet.runtime.docker import line, processes
from peapod.kubelet.runtime.docker.client import PATIENCE, Engine, get_stream
from peapod.kubelet.runtime.docker.errors import CONFLICT, NOT_FOUND, is_status, unavailable, words
from peapod.kubelet.runtime.docker.line import Line, Refused
from peapod.kubelet.runtime.runtime import Chunk, ContainerGone, LaunchError, RuntimeUnavailable

logger = logging.getLogger(__name__)

PIECE = 64 * 1024
"""Bytes of output that are handed on at once, at most."""

_HEADER = struct.Struct(">BxxxL")
_STDERR = 2
_KILLED = 137
_END_OF_TRANSMISSION = b"\x04"
_NO_KEYS = ",".join(["ctrl-@"] * 8)
"""By default the engine keeps ^P to itself, and lets go of a command at ^P^Q."""
_COLUMNS, _ROWS = 80, 24


class DockerExecution:
    """A command that runs, on the connection that the engine gave up to it."""

    def __init__(self, engine: Engine, id: str, container: str, connection: Line, *, stdin: bool, tty: bool) -> None:
        self._engine = engine
        self._id = id
        self._container = container
        self._reader, self._writer = connection
        self._tty = tty
        self._takes_input = stdin
        self._pid = 0
        self._all_read = asyncio.Event()
        self._ended = False
        self._closed = False

    async def started(self) -> None:
        """Return when the command runs, or ran. Raises `LaunchError` when it cannot.

        The engine agrees before it tries, and hides what it knows until it has tried; a new size for the terminal,
        also for a command that has none, it takes only then.
        """
        while True:
            with suppress(Refused):
                await self._ask_for_size(_COLUMNS, _ROWS)
            state = await self._inspect()
            if state["Pid"]:
                self._pid = state["Pid"]
                return
            if not state["Running"]:
                self._ended = True
                raise LaunchError(await self._last_words())

    async def output(self) -> AsyncIterator[Chunk]:
        """Stream pieces as they come; the engine waits while nobody reads."""
        try:
            async for chunk in self._raw() if self._tty else self._frames():
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
        """Close the way in; at a terminal, by the character that says so. TLS cannot be closed by half."""
        if not self._takes_input:
            return
        if self._tty:
            await self.write(_END_OF_TRANSMISSION)
        elif self._writer.can_write_eof():
            with suppress(OSError):
                self._writer.write_eof()
        self._takes_input = False

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the engine; a command that has ended needs it no more."""
        if self._tty:
            with suppress(Refused):
                await self._ask_for_size(columns, rows)

    async def wait(self) -> int:
        """Ask the engine; it may say that the command has ended a moment after its output has."""
        await self._all_read.wait()
        state = await self._inspect()
        if state["Running"]:
            state = await self._end()
        self._ended = True
        code = state["ExitCode"]
        return _KILLED if code is None else int(code)

    async def close(self) -> None:
        """Kill the command's session by this machine's process table; the engine has no word for it."""
        if self._closed:
            return
        self._closed = True
        # Not closed, which would wait until all input is taken.
        self._writer.transport.abort()
        if self._ended:
            return
        if self._pid and await asyncio.to_thread(processes.belongs, self._pid, self._container):
            await asyncio.to_thread(processes.kill_session, self._pid, self._container)
        else:
            await self._say_if_it_runs_on()

    async def _raw(self) -> AsyncIterator[Chunk]:
        while data := await self._reader.read(PIECE):
            yield Chunk(False, data)

    async def _frames(self) -> AsyncIterator[Chunk]:
        while header := await self._header():
            stream, length = _HEADER.unpack(header)
            while length:
                data = await self._reader.read(min(length, PIECE))
                if not data:
                    raise ConnectionResetError("the connection broke off")
                length -= len(data)
                yield Chunk(stream == _STDERR, data)

    async def _header(self) -> bytes:
        try:
            return await self._reader.readexactly(_HEADER.size)
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise
            return b""

    async def _last_words(self) -> str:
        """Read why the command could not be run, which the engine says where the output would be."""
        said = b"".join([chunk.data async for chunk in self.output()])
        return " ".join(said.decode(errors="replace").split()) or "the command cannot be run"

    async def _ask_for_size(self, columns: int, rows: int) -> None:
        await line.ask(self._engine.place, f"/exec/{self._id}/resize?w={columns}&h={rows}")

    async def _inspect(self) -> Mapping[str, Any]:
        return await self._engine.ask(lambda client: _inspected(client, self._id))

    async def _end(self) -> Mapping[str, Any]:
        """Wait for the engine's word that something of this container has ended."""
        async with self._engine.stream("exec", self._ask_for_ends) as stream:
            while await stream.read() is not None:
                state = await self._inspect()
                if not state["Running"]:
                    return state
        raise RuntimeUnavailable("the Docker engine no longer says when a command ends")

    def _ask_for_ends(self, client: APIClient) -> requests.Response:
        filters = {"container": [self._container], "event": ["exec_die", "die", "destroy"]}
        # With a time in the past the engine misses no event between the head of its answer and its attention.
        return get_stream(client, "/events", {"since": "1", "filters": json.dumps(filters)})

    async def _say_if_it_runs_on(self) -> None:
        with suppress(RuntimeUnavailable):
            if (await self._inspect())["Running"]:
                logger.warning(
                    "a command in container %s may run on: its processes cannot be seen from here",
                    self._container[:12],
                )


async def execute(engine: Engine, container: str, command: Sequence[str], *, stdin: bool, tty: bool) -> DockerExecution:
    """Run a command; return when it runs. Raises as `Runtime.exec` does."""
    id, container = await engine.ask(lambda client: _create(client, container, command, stdin, tty))
    try:
        async with asyncio.timeout(PATIENCE):
            connection = await line.take_over(engine.place, f"/exec/{id}/start", {"Detach": False, "Tty": tty})
            execution = DockerExecution(engine, id, container, connection, stdin=stdin, tty=tty)
            try:
                await execution.started()
            except BaseException:
                await execution.close()
                raise
            return execution
    except Refused as error:
        if error.status in (NOT_FOUND, CONFLICT):
            raise ContainerGone(str(error)) from error
        raise RuntimeUnavailable(f"the Docker engine answered: {error}") from error
    except TimeoutError as error:
        raise unavailable(error) from error


def _create(client: APIClient, container: str, command: Sequence[str], stdin: bool, tty: bool) -> tuple[str, str]:
    """Make an exec that is yet to be started; return its id and the container's in full."""
    try:
        made = client.exec_create(container, list(command), stdin=stdin, tty=tty, detach_keys=_NO_KEYS)
        id = made["Id"]
        return id, client.exec_inspect(id)["ContainerID"]
    except APIError as error:
        if is_status(error, NOT_FOUND, CONFLICT):
            raise ContainerGone(words(error)) from error
        if error.is_client_error():
            raise LaunchError(words(error)) from error
        raise


def _inspected(client: APIClient, id: str) -> Mapping[str, Any]:
    """Ask how a command is; one whose container was removed was killed."""
    try:
        found: Mapping[str, Any] = client.exec_inspect(id)
    except NotFound:
        return {"Running": False, "Pid": 0, "ExitCode": _KILLED}
    return found
