"""The HTTP server of `peapod proxy`. What it imports comes with the gateway."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from peapod.codec.versions import V1BETA1
from peapod.gateway.forward import passage, tunnel
from peapod.gateway.forward.destination import Destination
from peapod.gateway.forward.place import Place
from peapod.gateway.forward.problems import Answering, Refusal
from peapod.gateway.resources import NODES
from peapod.gateway.web import WebServer
from peapod_cli.console import Console

API = "/api/"
"""Where the gateway has what is served here under the prefix."""

HERE = ["localhost", "127.0.0.1"]
"""By which names programs of this machine call it; a page from elsewhere that had its own name lead here has not."""


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
    # Whoever asks is told by the answer, or by the end of one that breaks off.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    server = WebServer(application(serving), f"127.0.0.1:{serving.port}")
    await server.start()
    try:
        console.line(f"Starting to serve on {server.address}")
        await asyncio.Event().wait()
    finally:
        await server.stop()


def application(serving: Serving) -> Starlette:
    """Make the application: the API under its prefix, files under theirs, the longer prefix first."""
    forward, below = Answering(Forward(serving)), f"{serving.api_prefix}{{rest:path}}"
    api: list[BaseRoute] = [Route(below, forward), WebSocketRoute(below, forward)]
    routes = [(serving.api_prefix, api)]
    if serving.files is not None:
        files = StaticFiles(directory=serving.files, html=True)
        routes.append((serving.files_prefix, [Mount(serving.files_prefix.rstrip("/"), files)]))
    routes.sort(key=lambda entry: len(entry[0]), reverse=True)
    made = [route for _, group in routes for route in group]
    return Starlette(routes=made, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HERE)])


class Forward:
    """Passes requests and WebSockets on to the gateway, as the gateway itself does to pods."""

    def __init__(self, serving: Serving) -> None:
        parts = urlsplit(serving.gateway)
        self._gateway = Destination(parts.hostname or "", parts.port)
        self._begin = parts.path + API
        self._prefix = serving.api_prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, unless a page from elsewhere makes it: browsers let those ask any address."""
        origin = Headers(scope=scope).get("origin")
        if origin and urlsplit(origin).hostname not in HERE:
            raise Refusal(403, f"Error: pages of {origin} may not ask for this")
        forward = passage.forward if scope["type"] == "http" else tunnel.forward
        await forward(scope, receive, send, self._place(scope), self._gateway)

    def _place(self, scope: Scope) -> Place:
        rest = self._begin + scope["raw_path"].decode("latin-1")[len(self._prefix) :]
        query = scope["query_string"].decode("latin-1")
        # It is not found through the API as a node is, but it answers like one: at an address, for everything.
        return Place(V1BETA1, NODES, "", "gateway", "", prefix="", rest=rest, query=query, kept="")
