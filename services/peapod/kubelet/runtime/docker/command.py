"""A command inside a container as the engine knows it: created, started, at an end."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import requests
from docker import APIClient
from docker.errors import APIError, NotFound

from peapod.kubelet.runtime.docker import line, processes
from peapod.kubelet.runtime.docker.client import PATIENCE, Engine, find_container, get_stream
from peapod.kubelet.runtime.docker.errors import CONFLICT, NOT_FOUND, unavailable, words
from peapod.kubelet.runtime.docker.line import Line, Refused
from peapod.kubelet.runtime.runtime import ContainerGone, LaunchError, RuntimeUnavailable

logger = logging.getLogger(__name__)

_KILLED = 137
_COLUMNS, _ROWS = 80, 24
_NO_KEYS = ",".join(["ctrl-@"] * 8)
"""By default the engine keeps ^P to itself, and lets go of a command at ^P^Q."""


class Command:
    """One command, created and not yet started, by the engine's id of it."""

    def __init__(self, engine: Engine, id: str, container: str, *, tty: bool) -> None:
        self._engine = engine
        self._id = id
        self._container = container
        self._tty = tty
        self._pid = 0
        self._asked = False
        self._ended = False

    @classmethod
    async def create(cls, engine: Engine, container: str, command: Sequence[str], *, stdin: bool, tty: bool) -> Command:
        """Tell the engine of a command. Raises as `Runtime.exec` does."""
        id, container = await engine.ask(lambda client: _create(client, container, command, stdin, tty))
        return cls(engine, id, container, tty=tty)

    async def start(self) -> Line:
        """Ask for the start, and take over the connection that the engine gives to the command."""
        self._asked = True
        try:
            async with asyncio.timeout(PATIENCE):
                return await line.take_over(
                    self._engine.place, f"/exec/{self._id}/start", {"Detach": False, "Tty": self._tty}
                )
        except Refused as error:
            self._ended = True
            if error.status in (NOT_FOUND, CONFLICT):
                raise ContainerGone(str(error)) from error
            raise RuntimeUnavailable(f"the Docker engine answered: {error}") from error
        except TimeoutError as error:
            raise unavailable(error) from error

    async def has_run(self) -> bool:
        """Wait until the engine has tried to run the command; False when that was not possible.

        The engine agrees to a start before it tries, and hides what it knows until it has tried. A new size for the
        terminal, also of a command that has none, it takes only then.
        """
        while not self._pid and not self._ended:
            await self.resize(_COLUMNS, _ROWS)
            state = await self._inspect()
            self._pid = state["Pid"]
            self._ended = not state["Pid"] and not state["Running"]
        return bool(self._pid)

    async def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal; without one, or when the command has ended, nothing."""
        try:
            async with asyncio.timeout(PATIENCE):
                await line.ask(self._engine.place, f"/exec/{self._id}/resize?w={columns}&h={rows}")
        except Refused:
            return
        except TimeoutError as error:
            raise unavailable(error) from error

    async def exit_code(self) -> int:
        """Wait for the end."""
        state = await self._inspect()
        if state["Running"]:
            state = await self._end()
        self._ended = True
        code = state["ExitCode"]
        return _KILLED if code is None else int(code)

    async def kill(self) -> None:
        """Kill what runs, with its session, by this machine's process table; the engine has no word for it."""
        if not self._asked or self._ended:
            return
        with suppress(RuntimeUnavailable):
            if not await self.has_run():
                return
            if await asyncio.to_thread(processes.belongs, self._pid, self._container):
                await asyncio.to_thread(processes.kill_session, self._pid, self._container)
            elif (await self._inspect())["Running"]:
                where = self._container[:12]
                logger.warning("a command in container %s may run on: its processes cannot be seen from here", where)

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


def _create(client: APIClient, container: str, command: Sequence[str], stdin: bool, tty: bool) -> tuple[str, str]:
    """Make an exec, and return its id and the container's in full."""
    try:
        made = client.exec_create(container, list(command), stdin=stdin, tty=tty, detach_keys=_NO_KEYS)
        return made["Id"], client.exec_inspect(made["Id"])["ContainerID"]
    except APIError as error:
        if not error.is_client_error():
            raise
        found = find_container(client, container)
        if found is None or not found["State"]["Running"]:
            raise ContainerGone(words(error)) from error
        raise LaunchError(words(error)) from error


def _inspected(client: APIClient, id: str) -> Mapping[str, Any]:
    """Ask how a command is; one whose container was removed was killed."""
    try:
        found: Mapping[str, Any] = client.exec_inspect(id)
    except NotFound:
        return {"Running": False, "Pid": 0, "ExitCode": _KILLED}
    return found
