"""Passes one HTTP request on, and its answer back: piece by piece, both ways at the same time."""

from __future__ import annotations

import asyncio
import zlib

import h11
from starlette.types import Receive, Scope, Send

from peapod.gateway.forward import headers, links, problems, upstream
from peapod.gateway.forward.destination import Destination
from peapod.gateway.forward.headers import Headers
from peapod.gateway.forward.links import Links
from peapod.gateway.forward.pages import Page, Transform, Unzipped
from peapod.gateway.forward.place import Place
from peapod.gateway.forward.race import first_of
from peapod.gateway.forward.upstream import Exchange
from peapod.gateway.status import BadRequest

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_PAGES = (b"text/html", b"application/xhtml+xml")
_BODILESS = (204, 304)
_PARTIAL = 206
# Of a page that is rewritten, these would tell what is no longer so.
_OF_THE_BYTES = frozenset(
    {b"content-length", b"content-encoding", b"content-md5", b"digest", b"accept-ranges", b"etag"}
)


async def forward(scope: Scope, receive: Receive, send: Send, place: Place, destination: Destination) -> None:
    """Pass a request on. Whichever side leaves, the other is left at once; a slow one slows the other down.

    Raises before the answer has begun, and never afterwards: an answer that breaks off is broken off.
    """
    url = f"http://{destination}{place.target}"
    try:
        exchange = await Exchange.open(destination)
    except OSError as error:
        raise problems.unreachable(url, upstream.why(error)) from error
    try:
        await _begin(exchange, scope, place, destination)
        down = _down(exchange, send, links.links(place, destination), url, head=scope["method"] == "HEAD")
        await first_of(_up(receive, exchange), down)
    finally:
        exchange.close()


async def _begin(exchange: Exchange, scope: Scope, place: Place, destination: Destination) -> None:
    try:
        await exchange.begin(scope["method"], place.target, headers.request(scope, place, destination))
    except h11.LocalProtocolError as error:
        raise BadRequest(f"the request cannot be passed on: {error}") from error
    except OSError:
        # The server may have answered before it hung up; reading tells.
        return


async def _up(receive: Receive, exchange: Exchange) -> None:
    """Pass the request's body on; return when the client has left."""
    heard = True
    while (message := await receive())["type"] == "http.request":
        try:
            if heard and message.get("body"):
                await exchange.write(message["body"])
            if heard and not message.get("more_body"):
                await exchange.end()
        except upstream.Broken:
            # A server may answer without hearing all; the client is told the answer all the same.
            heard = False


async def _down(exchange: Exchange, send: Send, rewriting: Links, url: str, *, head: bool) -> None:
    try:
        response = await exchange.response()
    except upstream.Broken as error:
        raise problems.unreachable(url, upstream.why(error)) from error
    given = headers.answer(response.headers.raw_items())
    transform = _transform(response.status_code, given, rewriting)
    given = _told(given, rewriting, response.status_code, changed=transform is not None)
    await send({"type": "http.response.start", "status": response.status_code, "headers": given})
    try:
        await _body(exchange, send, None if head else transform)
    except (*upstream.Broken, zlib.error):
        # Whoever reads learns by the missing end that this is not the whole.
        return


async def _body(exchange: Exchange, send: Send, transform: Transform | None) -> None:
    while data := await exchange.read():
        if transform is None:
            await _send(send, data)
            continue
        for piece in transform.feed(data):
            await _send(send, piece)
            # Neither side may ever have to be waited for; others get their turn all the same.
            await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": transform.end() if transform else b"", "more_body": False})


async def _send(send: Send, piece: bytes) -> None:
    if piece:
        await send({"type": "http.response.body", "body": piece, "more_body": True})


def _transform(status: int, given: Headers, rewriting: Links) -> Transform | None:
    """Choose what changes the body; None leaves it as it is."""
    kind = headers.first(given, b"content-type").split(b";")[0].strip().lower()
    coding = headers.first(given, b"content-encoding").strip().lower()
    if kind not in _PAGES or status == _PARTIAL or coding not in (b"", b"identity", headers.READABLE):
        return None
    return Unzipped(Page(rewriting)) if coding == headers.READABLE else Page(rewriting)


def _told(given: Headers, rewriting: Links, status: int, *, changed: bool) -> Headers:
    dropped = _OF_THE_BYTES if changed else frozenset({b"content-length"} if status in _BODILESS else ())
    return [
        (name, rewriting.rewritten(value.decode("latin-1")).encode("latin-1") if name == b"location" else value)
        for name, value in given
        if name not in dropped
    ]
