"""Wires the gateway: a channel to the apiserver, the HTTP routes, and a gRPC server that tells how it is."""

from __future__ import annotations

import asyncio
import logging

from prometheus_client import ProcessCollector
from starlette.applications import Starlette

from peapod.common import process
from peapod.common.channel import open_channel
from peapod.common.server import Server
from peapod.gateway import diagnostics
from peapod.gateway.config import GatewayConfig
from peapod.gateway.web import WebServer

logger = logging.getLogger(__name__)


class Gateway:
    """One gateway. `start` once, `stop` once; it keeps nothing, so any number may run."""

    def __init__(self, config: GatewayConfig) -> None:
        self._channel = open_channel(config.apiserver)
        self.server = Server(
            config.grpc_address,
            "gateway",
            lambda _guard: (),
            (),
            allow_insecure=config.allow_insecure,
            metrics_address=config.metrics_address,
        )
        if not config.metrics_address:
            ProcessCollector(registry=self.server.registry)
        app = Starlette(routes=diagnostics.routes(self._channel, self.server.registry))
        self.web = WebServer(app, config.address, allow_insecure=config.allow_insecure)

    async def start(self) -> None:
        """Serve HTTP, and only then say that all is well."""
        await self.web.start()
        logger.info("serving HTTP on %s", self.web.address)
        await self.server.start()

    async def stop(self) -> None:
        """Let the requests that run end."""
        await self.server.stop()
        await self.web.stop()
        await self._channel.close()


async def serve(config: GatewayConfig, stop: asyncio.Event) -> None:
    """Run a gateway until `stop` is set."""
    await process.serve_until(stop, Gateway(config))
