"""Connections to the engine that are kept open both ways, as coroutines use them: the SDK's block a thread each, and
lose what comes with the head of the answer.
"""

from __future__ import annotations

import asyncio
import io
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import parse_headers
from urllib.parse import urlsplit

from docker.tls import TLSConfig
from docker.utils import parse_host

from peapod.kubelet.runtime.docker.errors import unavailable

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_UNIX = "http+unix://"


class Refused(Exception):
    """The engine answered with an error, in its own words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Place:
    """Where an engine listens: at a Unix socket's path, or at a host and port."""

    path: str = ""
    host: str = ""
    port: int = 0
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, address: str, tls: TLSConfig | None) -> Place:
        """Read an address as the SDK reads it; empty is the local socket."""
        found = str(parse_host(address, tls=bool(tls)))
        if found.startswith(_UNIX):
            return cls(path=found.removeprefix(_UNIX))
        parts = urlsplit(found)
        return cls(host=parts.hostname or "", port=parts.port or 0, tls=_context(tls) if tls else None)

    async def connect(self) -> Line:
        """Open a connection. Raises OSError."""
        if self.path:
            return await asyncio.open_unix_connection(self.path)
        return await asyncio.open_connection(self.host, self.port, ssl=self.tls)


def _context(tls: TLSConfig) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca_cert)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert:
        context.load_cert_chain(*tls.cert)
    return context


async def take_over(place: Place, path: str, body: Mapping[str, object]) -> Line:
    """POST, and get the connection itself when the engine agrees. Raises `Refused` and `RuntimeUnavailable`."""
    return await _post(place, path, body, {"Connection": "Upgrade", "Upgrade": "tcp"})


async def ask(place: Place, path: str) -> None:
    """POST on a connection of its own, which may take long. Raises `Refused` and `RuntimeUnavailable`."""
    _, writer = await _post(place, path, {}, {"Connection": "close"})
    writer.close()


async def _post(place: Place, path: str, body: Mapping[str, object], headers: Mapping[str, str]) -> Line:
    content = json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: docker",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *(f"{name}: {text}" for name, text in headers.items()),
    ]
    try:
        reader, writer = await place.connect()
    except OSError as error:
        raise unavailable(error) from error
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        await _check(reader)
    except (OSError, EOFError) as error:
        writer.close()
        raise unavailable(error) from error
    except BaseException:
        writer.close()
        raise
    return reader, writer


async def _check(reader: asyncio.StreamReader) -> None:
    """Read the head of the answer, and all of one that is an error."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    status = int(first.split()[1])
    if status < HTTPStatus.BAD_REQUEST:
        return
    headers = parse_headers(io.BytesIO(rest))
    content = await reader.readexactly(int(headers.get("Content-Length", 0)))
    try:
        words = str(json.loads(content)["message"])
    except (ValueError, LookupError, TypeError):
        words = content.decode(errors="replace")
    raise Refused(status, " ".join(words.split()) or str(status))
