"""One HTTP GET, as far as its status: redirects are not followed, and no body is ever read."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

LINE_MOST = 16 * 1024
"""Bytes of a line of the answer; what has longer ones is no answer."""

_LEFT_AS_IT_IS = "/?&=%:@!$'()*+,;~[]"


class BadAnswer(Exception):
    """What answers does not speak HTTP; says so in one clause."""


async def get_status(host: str, port: int, path: str) -> int:
    """Ask for a path and return the status code. Raises OSError and `BadAnswer`; bound its time from outside."""
    reader, writer = await asyncio.open_connection(host, port, limit=LINE_MOST)
    try:
        writer.write(_question(host, port, path))
        await writer.drain()
        return await _final_status(reader)
    finally:
        # An orderly close would wait for a peer that goes on sending.
        writer.transport.abort()


def _question(host: str, port: int, path: str) -> bytes:
    shown = f"[{host}]" if ":" in host else host
    target = quote("/" + path.removeprefix("/").partition("#")[0], safe=_LEFT_AS_IT_IS)
    lines = [f"GET {target} HTTP/1.1", f"Host: {shown}:{port}", "User-Agent: peapod-kubelet", "Accept: */*"]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


async def _final_status(reader: asyncio.StreamReader) -> int:
    """Read heads until one is not merely the announcement of another."""
    while True:
        status = _status(await _line(reader))
        if status >= 200:
            return status
        while await _line(reader):
            pass


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return (await reader.readline()).rstrip(b"\r\n")
    except ValueError:
        raise BadAnswer(f"the answer has a line of more than {LINE_MOST} bytes") from None


def _status(line: bytes) -> int:
    words = line.split(b" ", 2)
    if len(words) >= 2 and words[0].startswith(b"HTTP/") and len(words[1]) == 3 and words[1].isdigit():
        return int(words[1])
    raise BadAnswer("the answer is not HTTP" if line else "the connection was closed without an answer")
