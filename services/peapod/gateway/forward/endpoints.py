"""The routes of what is forwarded: `/api/<version>/redirect/...` and `/api/<version>/proxy/...`."""

from __future__ import annotations

from collections.abc import Sequence

import grpc.aio
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from peapod.codec.versions import VERSIONS
from peapod.common.kinds import NODE
from peapod.gateway.forward import passage, tunnel
from peapod.gateway.forward.directory import Directory
from peapod.gateway.forward.node import server as node_server
from peapod.gateway.forward.node.server import NodeServer
from peapod.gateway.forward.place import Place, parse
from peapod.gateway.forward.problems import Answering, Refusal, nothing_there

FOUND_ELSEWHERE = 307


def routes(channel: grpc.aio.Channel) -> list[BaseRoute]:
    """Make the routes; `channel` leads to the apiserver."""
    directory = Directory(channel)
    proxy = Answering(_Proxy(directory, NodeServer(channel, directory)))
    redirect = Answering(_Redirect(directory))
    found: list[BaseRoute] = []
    for version in VERSIONS:
        found += [
            Route(f"/api/{version}/proxy/{{place:path}}", proxy),
            WebSocketRoute(f"/api/{version}/proxy/{{place:path}}", proxy),
            Route(f"/api/{version}/redirect/{{place:path}}", redirect),
        ]
    return found


class _Proxy:
    """Passes requests on to where objects answer."""

    def __init__(self, directory: Directory, nodes: NodeServer) -> None:
        self._directory = directory
        self._nodes = nodes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = _place(scope)
        _allow(scope, node_server.METHODS if place.kind is NODE else sorted(passage.METHODS))
        if place.kind is NODE:
            await self._nodes.serve(place, scope, receive, send)
            return
        forward = passage.forward if scope["type"] == "http" else tunnel.forward
        await forward(scope, receive, send, place, await self._directory.locate(place))


class _Redirect:
    """Says where objects answer."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = _place(scope)
        if place.rest.strip("/"):
            raise nothing_there()
        _allow(scope, sorted(passage.METHODS))
        location = f"http://{await self._directory.locate(place)}"
        await Response(status_code=FOUND_ELSEWHERE, headers={"Location": location})(scope, receive, send)


def _place(scope: Scope) -> Place:
    place = parse(scope["raw_path"], scope["query_string"])
    if place is None:
        raise nothing_there()
    return place


def _allow(scope: Scope, methods: Sequence[str]) -> None:
    if scope["type"] == "http" and scope["method"] not in methods:
        raise Refusal(405, "405: Method Not Allowed", {"Allow": ", ".join(methods)})
