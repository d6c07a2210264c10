"""Manifests of static pods, and a server on loopback that hands them out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def manifest(name: str = "web", image: str = "hollow/web", **fields: Any) -> dict[str, Any]:
    """A bare container manifest of one container, or of those that `fields` give."""
    return {"version": "v1beta2", "id": name, "containers": [{"name": "main", "image": image}], **fields}


def put(directory: Path, file: str, *manifests: Mapping[str, Any]) -> Path:
    """Write manifests into a file as a careful administrator does: all at once, under another name first."""
    path = directory / file
    draft = directory / f".{file}"
    draft.write_text(json.dumps(manifests[0] if len(manifests) == 1 else manifests))
    draft.replace(path)
    return path


@dataclass
class Answer:
    """What the server answers, and the headers of every request that it was sent."""

    body: str = ""
    status: str = "200 OK"
    etag: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_asked(self, times: int = 2) -> None:
        """Wait for so many more requests: by then the answers to all but the last were read."""
        for _ in range(times):
            self.asked.clear()
            async with asyncio.timeout(30):
                await self.asked.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        told = dict(line.split(": ", 1) for line in lines[1:] if line)
        self.requests.append(told)
        self.asked.set()
        known = self.etag and told.get("If-None-Match") == self.etag
        status, body = ("304 Not Modified", "") if known else (self.status, self.body)
        headers = {"Content-Length": str(len(body.encode())), **self.headers}
        if self.etag:
            headers["ETag"] = self.etag
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n{body}".encode())
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def served() -> AsyncGenerator[Answer]:
    """Serve an answer, which may change, until the block ends."""
    answer = Answer()
    server = await asyncio.start_server(answer.serve, "127.0.0.1", 0)
    answer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/manifests"
    async with server:
        yield answer
