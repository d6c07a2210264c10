"""Wires the proxy: informers, a backend, the loop that keeps it as they say, and a server that tells how it is."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from peapod.common import kinds, process
from peapod.common.channel import open_channel
from peapod.common.follower import source_of
from peapod.common.informer import Informer
from peapod.common.kinds import Kind
from peapod.common.server import Server
from peapod.proxy import metrics
from peapod.proxy.config import ProxyConfig
from peapod.proxy.iptables.backend import clean_up
from peapod.proxy.keeper import Keeper
from peapod.proxy.open import open_backend

logger = logging.getLogger(__name__)


class ProxyService:
    """One node's proxy. `start` once, `stop` once."""

    def __init__(self, config: ProxyConfig) -> None:
        self._config = config
        self._channel = open_channel(config.apiserver)
        self._services = self._informer(kinds.SERVICE)
        self._endpoints = self._informer(kinds.ENDPOINTS)
        self._keeper: Keeper | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.server = Server(
            config.address,
            "proxy",
            lambda _guard: (),
            (),
            allow_insecure=config.allow_insecure,
            metrics_address=config.metrics_address,
        )

    async def start(self) -> None:
        """Serve health, and make services reachable as soon as the apiserver has told them."""
        backend = await open_backend(self._config.mode, self._config.portal_net)
        keeper = self._keeper = Keeper(self._services, self._endpoints, backend, self._config.sync_seconds)
        metrics.register(self.server.registry, keeper)
        await self.server.start()
        self._tasks = [
            process.spawn(self._services.run, "services"),
            process.spawn(self._endpoints.run, "endpoints"),
            process.spawn(keeper.run, "portals"),
        ]

    async def stop(self) -> None:
        """Stop where it is: rules stay, and whoever comes next takes them over."""
        await process.end(*self._tasks)
        if self._keeper:
            await self._keeper.backend.close()
        await self.server.stop()
        await self._channel.close()

    def _informer(self, kind: Kind) -> Informer[Any]:
        return Informer(source_of(kind, kind.client(self._channel)), name=kind.plural)


async def serve(config: ProxyConfig, stop: asyncio.Event) -> None:
    """Run a proxy until `stop` is set, or remove what others have left."""
    if config.cleanup:
        logger.info("removed %d chains from iptables", await clean_up())
        return
    await process.serve_until(stop, ProxyService(config))
