"""Rewrites the links of HTML as it streams by; everything else stays as it was, byte for byte."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Protocol

from peapod.gateway.forward.links import Links

PIECE = 16 * 1024
"""Bytes that are parsed at once, so that others get their turn in between."""
HELD_MOST = 512 * 1024
"""Bytes of one unfinished tag, comment or script that are held; what is longer is passed on as it is."""

# Of any ASCII-compatible encoding, every byte is one character of this one, and back.
_BYTEWISE = "latin-1"
_REFERENCES = frozenset(
    {
        *("action", "background", "cite", "codebase", "data", "formaction", "href", "icon"),
        *("longdesc", "manifest", "poster", "profile", "src"),
    }
)
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'<>]+)""")


class Transform(Protocol):
    """Changes a body on its way."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take a piece, and give what is ready."""
        ...

    def end(self) -> bytes:
        """Give the rest."""
        ...


class Page:
    """Rewrites one page."""

    def __init__(self, links: Links) -> None:
        self._scanner: _Scanner | None = _Scanner(links)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take a piece, and give what is ready."""
        for start in range(0, len(data), PIECE):
            yield self._feed(data[start : start + PIECE])

    def end(self) -> bytes:
        """Give what never became whole."""
        return self._scanner.held.encode(_BYTEWISE) if self._scanner else b""

    def _feed(self, data: bytes) -> bytes:
        if self._scanner is None:
            return data
        ready = self._scanner.scan(data.decode(_BYTEWISE))
        if len(self._scanner.held) > HELD_MOST or self._scanner.lost:
            ready += self._scanner.held
            self._scanner = None
        return ready.encode(_BYTEWISE)


class Unzipped:
    """Unpacks what was compressed with gzip, a little at a time, and has another transform go on with it."""

    def __init__(self, behind: Transform) -> None:
        self._behind = behind
        self._unzip = _gunzip()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take a piece, and give what is ready; raises `zlib.error` for what is no gzip."""
        while data:
            yield from self._behind.feed(self._unzip.decompress(data, PIECE))
            data = self._unzip.unconsumed_tail or self._unzip.unused_data
            self._begun = not self._unzip.eof
            if self._unzip.eof:
                self._unzip = _gunzip()

    def end(self) -> bytes:
        """Give the rest; raises `zlib.error` when it is not whole."""
        rest = b"".join(self._behind.feed(self._unzip.flush())) + self._behind.end()
        if self._begun and not self._unzip.eof:
            raise zlib.error("the end is missing")
        return rest


class _Scanner(HTMLParser):
    """Finds tags by the position that the parser tells, and takes over everything between them as it is."""

    def __init__(self, links: Links) -> None:
        super().__init__()
        self.held = ""
        self.lost = False
        self._links = links
        self._line, self._column = self.getpos()
        self._at = self._taken = 0
        self._ready: list[str] = []

    def scan(self, text: str) -> str:
        """Take more, and give what has been understood of all so far; `held` is what has not been."""
        self.held += text
        try:
            self.feed(text)
        except AssertionError:
            # The parser's own word for markup that is beyond it.
            self.lost = True
        self._take_until(self._find())
        self.held, self._at, self._taken = self.held[self._taken :], self._at - self._taken, 0
        ready, self._ready = "".join(self._ready), []
        return ready

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Rewrite the links of one tag."""
        text = self.get_starttag_text()
        if text and any(name in _REFERENCES for name, _ in attrs):
            start = self._find()
            self._take_until(start)
            self._ready.append(_ATTRIBUTE.sub(self._attribute, text))
            self._taken = start + len(text)

    def _attribute(self, match: re.Match[str]) -> str:
        name, equals, value = match.groups()
        if name.lower() not in _REFERENCES:
            return match[0]
        quote = value[0] if value[0] in "\"'" else ""
        reference = value[1:-1] if quote else value
        return f"{name}{equals}{quote}{self._links.rewritten(reference, '&amp;')}{quote}"

    def _find(self) -> int:
        """Turn the parser's line and column, which only grow, into an index of what is held."""
        line, column = self.getpos()
        while self._line < line:
            self._at = self.held.index("\n", self._at) + 1
            self._line, self._column = self._line + 1, 0
        self._at += column - self._column
        self._column = column
        return self._at

    def _take_until(self, end: int) -> None:
        self._ready.append(self.held[self._taken : end])
        self._taken = max(self._taken, end)


def _gunzip() -> zlib._Decompress:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
