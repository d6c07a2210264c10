"""Fetches a small text over HTTP, without a thread that the kubelet's end would have to wait for."""

from __future__ import annotations

import asyncio
import base64
import http.client
import io
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

MOST = 16 << 20
"""Bytes of an answer."""
SECONDS = 10.0
"""How long an answer may take, all in all."""

_REDIRECTS = (301, 302, 303, 307, 308)
_REDIRECTS_MOST = 5


class FetchError(Exception):
    """There is no answer that counts, in one clause."""


class Fetched(NamedTuple):
    """An answer; `unless` is what to send the next time, so that what has not changed is not sent again."""

    text: str
    unless: Mapping[str, str]


async def fetch(url: str, unless: Mapping[str, str]) -> Fetched | None:
    """Get a text; None when it is as it was. Raises `FetchError`."""
    try:
        async with asyncio.timeout(SECONDS):
            answer = await _follow(url, unless)
    except TimeoutError:
        raise FetchError(f"no answer in {SECONDS:g} s") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise FetchError(str(error) or type(error).__name__) from error
    if answer.status == 304 and unless:
        return None
    if answer.status != 200:
        raise FetchError(f"the answer is {answer.status} {answer.reason}")
    try:
        return Fetched(answer.read().decode("utf-8-sig"), _unless(answer))
    except UnicodeDecodeError as error:
        raise FetchError(f"byte {error.start} is not UTF-8 text") from None
    except http.client.HTTPException as error:
        raise FetchError(f"the answer breaks off: {error}") from error


async def _follow(url: str, unless: Mapping[str, str]) -> http.client.HTTPResponse:
    for _ in range(_REDIRECTS_MOST):
        answer = await _ask(urlsplit(url), unless)
        if answer.status not in _REDIRECTS:
            return answer
        url = urljoin(url, answer.headers.get("Location", ""))
    raise FetchError(f"more than {_REDIRECTS_MOST} redirections")


async def _ask(url: SplitResult, unless: Mapping[str, str]) -> http.client.HTTPResponse:
    if url.scheme not in ("http", "https") or not url.hostname:
        raise FetchError(f"{url.geturl()} is no HTTP address")
    tls = ssl.create_default_context() if url.scheme == "https" else None
    reader, writer = await asyncio.open_connection(url.hostname, url.port or (443 if tls else 80), ssl=tls)
    try:
        writer.write(_request(url, unless))
        await writer.drain()
        data = await _read(reader)
    finally:
        writer.transport.abort()
    answer = http.client.HTTPResponse(_Received(data))  # type: ignore[arg-type]
    answer.begin()
    return answer


def _request(url: SplitResult, unless: Mapping[str, str]) -> bytes:
    """Ask in HTTP/1.0, so that the end of the connection ends the answer."""
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    headers = {"Host": url.netloc.rpartition("@")[2], "Connection": "close", "Accept": "*/*", **unless}
    if url.username:
        word = f"{unquote(url.username)}:{unquote(url.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(word.encode()).decode()}"
    lines = [f"GET {path} HTTP/1.0", *(f"{name}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")


async def _read(reader: asyncio.StreamReader) -> bytes:
    data = bytearray()
    while piece := await reader.read(64 << 10):
        data += piece
        if len(data) > MOST:
            raise FetchError(f"the answer has more than {MOST} bytes")
    return bytes(data)


def _unless(answer: http.client.HTTPResponse) -> Mapping[str, str]:
    told = {"If-None-Match": answer.headers.get("ETag"), "If-Modified-Since": answer.headers.get("Last-Modified")}
    return {name: value for name, value in told.items() if value}


class _Received:
    """What http.client takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        """Read what was received."""
        return io.BytesIO(self._data)
