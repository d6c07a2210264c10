"""Answers, and how they go out: at once or in pieces, compressed where the client reads that."""

from __future__ import annotations

import asyncio
import gzip
import re
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from peapod.gateway.item import dumps

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"

PIECE_BYTES = 1 << 20
"""About how much of a long answer is joined and sent at a time."""
COMPRESS_LEAST = 1400
"""Bytes below which an answer fits into one packet anyway."""
_INLINE_MOST = 64 << 10
_LEVEL = 1
_GZIP = 16 + zlib.MAX_WBITS
_WEIGHTLESS = re.compile(rb"q=0(\.0*)?")


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    code: int
    body: bytes
    media: bytes = JSON
    headers: tuple[Header, ...] = ()

    async def send(self, send: Send, *, compress: bool) -> None:
        """Send it; compressed, if it is worth that."""
        body, headers = self.body, [(b"content-type", self.media), *self.headers]
        if compress and len(body) >= COMPRESS_LEAST:
            body = await _compressed(body)
            headers += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": self.code, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def deny(self, send: Send) -> None:
        """Send it in the place of a WebSocket that was asked for."""
        headers = [(b"content-type", self.media), (b"content-length", b"%d" % len(self.body))]
        await send({"type": "websocket.http.response.start", "status": self.code, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": self.body})


@dataclass(frozen=True)
class Stretch:
    """A part of a long answer: its items, between what stands before them and what stands between each two."""

    before: bytes
    items: Sequence[bytes] = ()
    between: bytes = b""

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.before) + sum(map(len, self.items)) + len(self.between) * max(0, len(self.items) - 1)

    def pieces(self) -> Iterator[bytes]:
        """Join it, some items at a time."""
        yield self.before
        step = max(1, len(self.items) * PIECE_BYTES // max(1, self.size))
        for start in range(0, len(self.items), step):
            yield (self.between if start else b"") + self.between.join(self.items[start : start + step])


@dataclass(frozen=True)
class LongAnswer:
    """An answer whose items stand in memory already, joined as they are sent. Nobody changes them."""

    stretches: Sequence[Stretch]
    code: int = 200

    async def send(self, send: Send, *, compress: bool) -> None:
        """Send it piece by piece; a reader that takes its time is waited for between them."""
        headers = [(b"content-type", JSON)]
        if compress:
            headers += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
        else:
            headers.append((b"content-length", b"%d" % self.size))
        await send({"type": "http.response.start", "status": self.code, "headers": headers})
        if compress:
            async for piece in _compressed_pieces(self._pieces()):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        else:
            for piece in self._pieces():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    @property
    def size(self) -> int:
        """How many bytes it has, uncompressed."""
        return sum(stretch.size for stretch in self.stretches)

    def whole(self) -> bytes:
        """Join all of it."""
        return b"".join(self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        return (piece for stretch in self.stretches for piece in stretch.pieces())


def document(code: int, content: Any, headers: tuple[Header, ...] = ()) -> Answer:
    """Answer with a JSON document."""
    return Answer(code, dumps(content), headers=headers)


def text(code: int, content: str) -> Answer:
    """Answer with plain text."""
    return Answer(code, content.encode(), TEXT)


def reads_gzip(accepted: bytes) -> bool:
    """Tell by the header Accept-Encoding whether a client reads what is compressed; a weight of 0 says that not."""
    return any(_is_gzip(*coding.partition(b";")) for coding in accepted.lower().split(b","))


def _is_gzip(name: bytes, _: bytes, weight: bytes) -> bool:
    return name.strip() in (b"gzip", b"x-gzip") and not _WEIGHTLESS.fullmatch(weight.strip())


async def _compressed(body: bytes) -> bytes:
    if len(body) <= _INLINE_MOST:
        return gzip.compress(body, _LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, _LEVEL, mtime=0)


async def _compressed_pieces(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Compress in a thread, so that others are served meanwhile."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    for piece in pieces:
        yield await asyncio.to_thread(packer.compress, piece)
    yield packer.flush()
