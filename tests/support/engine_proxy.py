"""A way to the Docker engine that tests can watch, cut, freeze and mend."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress
from pathlib import Path

ENGINE = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")

_REQUEST = re.compile(rb"(?m)^(GET|POST|DELETE|HEAD) (?:/v[\d.]+)?(/\S*) HTTP/1\.1\r$")


class EngineProxy:
    """Passes connections of a Unix socket on to the engine's."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "engine.sock"
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.requests: list[str] = []
        """What was asked, such as "GET /containers/json"."""
        self.sent = b""
        """The same as it was, with heads and bodies."""
        self.lose_answer_to = ""
        """The connection breaks after a request with this in it has reached the engine, before its answer is back."""

    @property
    def address(self) -> str:
        return f"unix://{self._path}"

    async def mend(self) -> None:
        """Listen, also again."""
        self._server = await asyncio.start_unix_server(self._accept, self._path)

    async def cut(self) -> None:
        """Break all connections and take no more."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def freeze(self) -> None:
        """Let answers come no more, without a word."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.get_running_loop().create_task(self._pass(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _pass(self, client_reader: asyncio.StreamReader, client_writer: asyncio.StreamWriter) -> None:
        engine_reader, engine_writer = await asyncio.open_unix_connection(ENGINE)
        asked = asyncio.create_task(self._pass_requests(client_reader, engine_writer))
        try:
            while data := await engine_reader.read(1 << 16):
                await self._flowing.wait()
                if self.lose_answer_to and self.lose_answer_to in self.requests[-1]:
                    break
                client_writer.write(data)
                await client_writer.drain()
        except ConnectionError:
            pass
        finally:
            asked.cancel()
            engine_writer.close()
            client_writer.close()

    async def _pass_requests(self, client: asyncio.StreamReader, engine: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await client.read(1 << 16):
                self.sent += data
                self.requests += [f"{m[1].decode()} {m[2].decode()}" for m in _REQUEST.finditer(data)]
                engine.write(data)
                await engine.drain()
            engine.close()
