"""Wires the controllers: caches, recorder, every controller of the table, and a server that tells how it is."""

from __future__ import annotations

import asyncio

from peapod.common import process
from peapod.common.channel import open_channel
from peapod.common.events import Recorder
from peapod.common.leadership import Leadership
from peapod.common.server import Server
from peapod.controllers.caches import Caches
from peapod.controllers.config import ControllersConfig
from peapod.controllers.table import CONTROLLERS, Cluster
from peapod.v1.event_service_rpc import EventServiceClient


class ControllersService:
    """All controllers of one cluster, at work or standing by. `start` once, `stop` once."""

    def __init__(self, config: ControllersConfig) -> None:
        self._channel = open_channel(config.apiserver)
        caches = Caches(self._channel)
        recorder = Recorder(EventServiceClient(self._channel), "controllers")
        self._leadership = Leadership(config, self._channel, "controllers", [*caches.all.values()])
        cluster = Cluster(config, caches, self._leadership.channel, recorder)
        self._controllers = {name: make(cluster) for name, make in CONTROLLERS.items()}
        self._loops = {name: cache.run for name, cache in caches.all.items()}
        self._loops |= {"events": recorder.run, "leadership": self._lead}
        self._tasks: list[asyncio.Task[None]] = []
        self.server = Server(
            config.address,
            "controllers",
            lambda _guard: (),
            (),
            allow_insecure=config.allow_insecure,
            metrics_address=config.metrics_address,
        )
        self._leadership.register(self.server.registry)

    async def start(self) -> None:
        """Serve health, and control as soon as the apiserver is there and nobody else does."""
        await self.server.start()
        self._tasks = [process.spawn(run, name) for name, run in self._loops.items()]

    async def stop(self) -> None:
        """Stop where it is: whoever controls next finds all in the apiserver."""
        await process.end(*self._tasks)
        await self.server.stop()
        await self._channel.close()

    async def _lead(self) -> None:
        await self._leadership.run({name: controller.run for name, controller in self._controllers.items()})


async def serve(config: ControllersConfig, stop: asyncio.Event) -> None:
    """Run the controllers until `stop` is set."""
    await process.serve_until(stop, ControllersService(config))
