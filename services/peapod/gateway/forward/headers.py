"""Which headers pass a proxy, and which ones it adds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from peapod.gateway.forward.destination import Destination
from peapod.gateway.forward.place import Place

Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
READABLE = b"gzip"
"""The one coding of content that links are rewritten in."""

# The server has answered "Expect: 100-continue" itself, and says its own date.
_NOT_ASKED = HOP_BY_HOP | {b"host", b"expect", b"accept-encoding", b"x-forwarded-for"}
_SET_HERE = frozenset({b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-uri"})
_NOT_ANSWERED = HOP_BY_HOP | {b"date"}
_WEBSOCKET_ITSELF = frozenset(
    {
        b"sec-websocket-key",
        b"sec-websocket-version",
        b"sec-websocket-extensions",
        b"sec-websocket-protocol",
        b"sec-websocket-accept",
    }
)


def request(scope: Mapping[str, Any], place: Place, destination: Destination) -> Headers:
    """Make the headers of a request that is passed on; its body is framed as it was."""
    given: Headers = list(scope["headers"])
    chunked = any(name.lower() == b"transfer-encoding" for name, _ in given)
    return [
        (b"host", str(destination).encode()),
        *_without(given, _NOT_ASKED | _SET_HERE),
        *_codings(given),
        *_forwarded(scope, given, place),
        *([(b"transfer-encoding", b"chunked")] if chunked else []),
        (b"connection", b"close"),
    ]


def handshake(scope: Mapping[str, Any], place: Place) -> list[tuple[str, str]]:
    """Make the headers of a WebSocket's opening that is passed on, but for those that are the protocol's own."""
    given: Headers = list(scope["headers"])
    kept = _without(given, _NOT_ASKED | _SET_HERE | _WEBSOCKET_ITSELF)
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in kept + _forwarded(scope, given, place)]


def answer(given: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Take those of an answer that are for the client."""
    return _without(given, _NOT_ANSWERED)


def accepted(given: Iterable[tuple[str, str]]) -> Headers:
    """Take those of the answer to a WebSocket's opening that are for the client."""
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]
    return _without(encoded, _NOT_ANSWERED | _WEBSOCKET_ITSELF)


def first(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    """Return the first value of a header; empty when there is none."""
    return next((value for given, value in headers if given.lower() == name), b"")


def _without(given: Iterable[tuple[bytes, bytes]], dropped: Collection[bytes]) -> Headers:
    given = [(name.lower(), value) for name, value in given]
    named = {word.strip().lower() for name, value in given if name == b"connection" for word in value.split(b",")}
    return [(name, value) for name, value in given if name not in dropped and name not in named]


def _codings(given: Headers) -> Headers:
    """Ask for content in a coding that can be read here, if the client can read it too."""
    asked = b",".join(value for name, value in given if name.lower() == b"accept-encoding")
    words = [word.strip() for word in asked.split(b",") if word.strip().lower().split(b";")[0] == READABLE]
    return [(b"accept-encoding", b", ".join(words) or b"identity")]


def _forwarded(scope: Mapping[str, Any], given: Headers, place: Place) -> Headers:
    before = [value for name, value in given if name.lower() == b"x-forwarded-for"]
    client = scope.get("client")
    chain = before + ([client[0].encode()] if client else [])
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    return [
        *([(b"x-forwarded-for", b", ".join(chain))] if chain else []),
        (b"x-forwarded-host", first(given, b"host")),
        (b"x-forwarded-proto", scheme.encode()),
        (b"x-forwarded-uri", (place.prefix + place.rest).encode()),
    ]
