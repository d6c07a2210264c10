"""The HTTP server of `peapod proxy`. What it imports comes with the gateway."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from peapod.gateway.web import WebServer
from peapod_cli.console import Console

CONNECT_SECONDS = 10.0
API = b"/api/"
"""Where the gateway has what is served here under the prefix."""

HERE = ["localhost", "127.0.0.1"]
"""By which names programs of this machine call it; a page from elsewhere that had its own name lead here has not."""

_OF_ONE_CONNECTION = frozenset(
    [
        "connection",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)


@dataclass(frozen=True)
class Serving:
    """What is served, and where; port 0 is any that is free. Prefixes begin and end with a slash."""

    gateway: str
    port: int
    api_prefix: str
    files: Path | None
    files_prefix: str


async def serve(serving: Serving, console: Console) -> None:
    """Serve for ever; raises `Unavailable` when the port cannot be had."""
    # What it has to say is said by the answers, and by what `Forward` tells.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as client:
        app = application(serving, Forward(client, serving, console))
        server = WebServer(app, f"127.0.0.1:{serving.port}")
        await server.start()
        try:
            console.line(f"Starting to serve on {server.address}")
            await asyncio.Event().wait()
        finally:
            await server.stop()


def application(serving: Serving, forward: Forward) -> Starlette:
    """Make the application: the API under its prefix, files under theirs, the longer prefix first."""
    routes: list[tuple[str, BaseRoute]] = [(serving.api_prefix, Route(f"{serving.api_prefix}{{rest:path}}", forward))]
    if serving.files is not None:
        files = StaticFiles(directory=serving.files, html=True)
        routes.append((serving.files_prefix, Mount(serving.files_prefix.rstrip("/"), files)))
    ordered = [route for _, route in sorted(routes, key=lambda entry: len(entry[0]), reverse=True)]
    return Starlette(routes=ordered, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HERE)])


class Forward:
    """Passes requests on to the gateway, and answers back, piece by piece as they come."""

    def __init__(self, client: httpx.AsyncClient, serving: Serving, console: Console) -> None:
        self._client = client
        self._gateway = httpx.URL(serving.gateway)
        self._prefix = serving.api_prefix.encode()
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; one that ends with the gateway's connection ends without its end."""
        request = Request(scope, receive)
        answered = False
        try:
            async with self._client.stream(request.method, self._url(scope), **_parts(request)) as answer:
                passed = StreamingResponse(answer.aiter_raw(), answer.status_code)
                passed.raw_headers = _kept(answer.headers.raw)
                answered = True
                await passed(scope, receive, send)
        except httpx.TransportError as error:
            why = f"the gateway at {self._gateway} cannot be reached: {str(error) or type(error).__name__}"
            self._console.error(f"{request.method} {request.url.path}: {why}")
            if not answered:
                await PlainTextResponse(f"{why}\n", status_code=502)(scope, receive, send)

    def _url(self, scope: Scope) -> httpx.URL:
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        inside = raw[len(self._prefix) :]
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        return self._gateway.copy_with(raw_path=self._gateway.raw_path.rstrip(b"/") + API + inside + query)


def _parts(request: Request) -> dict[str, Any]:
    """Take over what a request is, with a body only where it has one."""
    headers: Headers = request.headers
    has_body = "content-length" in headers or "transfer-encoding" in headers
    return {"headers": _kept(headers.raw), "content": request.stream() if has_body else None}


def _kept(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Leave out what is meant for one connection only."""
    named = {
        word.strip().lower() for name, value in headers if name.lower() == b"connection" for word in value.split(b",")
    }
    return [
        (name.lower(), value)
        for name, value in headers
        if name.lower() not in named and name.lower().decode("latin-1") not in _OF_ONE_CONNECTION
    ]
