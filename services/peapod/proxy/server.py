"""Wires the proxy. The API has no services yet, so that there is nothing to make reachable: it says once that it has
found the apiserver, and serves health and version.
"""

from __future__ import annotations

import asyncio
import logging

from peapod.common import process
from peapod.common.channel import open_channel
from peapod.common.server import Server
from peapod.proxy.config import ProxyConfig
from peapod.v1.version_service_pb2 import GetVersionRequest
from peapod.v1.version_service_rpc import VersionServiceClient

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0


class ProxyService:
    """One node's proxy. `start` once, `stop` once."""

    def __init__(self, config: ProxyConfig) -> None:
        self._apiserver = config.apiserver
        self._channel = open_channel(config.apiserver)
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
        """Serve health, and look for the apiserver until it is found."""
        await self.server.start()
        self._tasks = [process.spawn(self._greet, "apiserver")]

    async def stop(self) -> None:
        """Let go of both."""
        await process.end(*self._tasks)
        await self.server.stop()
        await self._channel.close()

    async def _greet(self) -> None:
        await self._channel.channel_ready()
        answer = await VersionServiceClient(self._channel).get_version(GetVersionRequest(), timeout=ANSWER_SECONDS)
        logger.info("found the %s %s at %s; it has no services yet", answer.service, answer.version, self._apiserver)
        await asyncio.Event().wait()


async def serve(config: ProxyConfig, stop: asyncio.Event) -> None:
    """Run a proxy until `stop` is set."""
    await process.serve_until(stop, ProxyService(config))
