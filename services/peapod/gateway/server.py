"""Wires the gateway: a channel to the apiserver, copies of its objects, HTTP, and gRPC health besides."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Container

from prometheus_client import ProcessCollector
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from peapod.codec.versions import VERSIONS
from peapod.common import address as addresses
from peapod.common import process
from peapod.common.channel import open_channel
from peapod.common.server import Server
from peapod.gateway import answers, diagnostics, discovery, forward, schema, validate
from peapod.gateway.api import Api
from peapod.gateway.config import GatewayConfig
from peapod.gateway.copies import Copies
from peapod.gateway.metrics import ApiMetrics, CopiesCollector
from peapod.gateway.sites import asked_from_elsewhere, is_known, may_change
from peapod.gateway.web import WebServer

logger = logging.getLogger(__name__)


class Gateway:
    """One gateway. `start` once, `stop` once; what it keeps are copies, so any number may run."""

    def __init__(self, config: GatewayConfig) -> None:
        self._channel = open_channel(config.apiserver)
        self.copies = Copies(self._channel, history=config.history, max_age=config.watch_seconds)
        self.server = Server(
            config.grpc_address,
            "gateway",
            lambda _guard: (),
            (),
            allow_insecure=config.allow_insecure,
            metrics_address=config.metrics_address,
        )
        registry = self.server.registry
        if not config.metrics_address:
            ProcessCollector(registry=registry)
        registry.register(CopiesCollector(self.copies))
        api = Api(self._channel, self.copies, ApiMetrics(registry))
        # The last of these take every path that no other has.
        routes = [
            *diagnostics.routes(self._channel, registry),
            *validate.routes(self._channel),
            *schema.routes(),
            *forward.routes(self._channel),
            *discovery.routes(),
        ]
        pages = Starlette(routes=routes, exception_handlers={405: discovery.wrong_method})
        front = Front(api, pages, _names(config))
        self.web = WebServer(front, config.address, allow_insecure=config.allow_insecure)

    async def start(self) -> None:
        """Serve HTTP, and only then say that all is well."""
        self.copies.start()
        await self.web.start()
        logger.info("serving HTTP on %s", self.web.address)
        await self.server.start()

    async def stop(self) -> None:
        """End the watches, and let the requests that run end."""
        await self.copies.close_watches()
        await self.server.stop()
        await self.web.stop()
        await self.copies.stop()
        await self._channel.close()


class Front:
    """Sends a request to the API or to the pages beside it."""

    def __init__(self, api: ASGIApp, pages: ASGIApp, names: Container[str] | None) -> None:
        self._api = api
        self._pages = pages
        self._names = names
        self._of_api = re.compile(f"/api/({'|'.join(VERSIONS)})/(?!proxy/|redirect/)")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, unless a page of another site has a browser make it."""
        if self._names is not None and not is_known(scope, self._names):
            await _refuse("the one that calls this server by another name (--allowed-hosts)", scope, receive, send)
            return
        if may_change(scope) and (site := asked_from_elsewhere(scope)):
            await _refuse(site, scope, receive, send)
            return
        app = self._api if self._of_api.match(scope["path"]) else self._pages
        await app(scope, receive, send)


def _names(config: GatewayConfig) -> Container[str] | None:
    """The names that requests may call the server by, besides addresses and localhost; None for any."""
    given = frozenset(name.strip().lower() for name in config.allowed_hosts.split(",") if name.strip())
    return given if given or addresses.is_loopback(config.address) else None


async def _refuse(site: str, scope: Scope, receive: Receive, send: Send) -> None:
    answer = answers.text(403, f"Forbidden to pages of other sites, such as {site}\n")
    if scope["type"] == "http":
        await answer.send(send, compress=False)
    elif (await receive())["type"] == "websocket.connect":
        await answer.deny(send)


async def serve(config: GatewayConfig, stop: asyncio.Event) -> None:
    """Run a gateway until `stop` is set."""
    await process.serve_until(stop, Gateway(config))
