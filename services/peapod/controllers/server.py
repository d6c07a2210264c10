"""Wires the controllers: informers, recorder, every controller of the table, and a server that tells how it is."""

from __future__ import annotations

import asyncio

from peapod.common import informer, process
from peapod.common.channel import open_channel
from peapod.common.events import Recorder
from peapod.common.informer import Informer
from peapod.common.server import Server
from peapod.controllers.config import ControllersConfig
from peapod.controllers.table import CONTROLLERS, Cluster
from peapod.v1.event_service_rpc import EventServiceClient
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient


class ControllersService:
    """All controllers of one cluster. `start` once, `stop` once."""

    def __init__(self, config: ControllersConfig) -> None:
        self._channel = open_channel(config.apiserver)
        client, pod_client = NodeServiceClient(self._channel), PodServiceClient(self._channel)
        nodes = Informer(informer.nodes(client), name="nodes")
        pods = Informer(informer.pods(pod_client), name="pods")
        recorder = Recorder(EventServiceClient(self._channel), "controllers")
        cluster = Cluster(config, nodes, pods, client, pod_client, recorder)
        self._loops = {"nodes": nodes.run, "pods": pods.run, "events": recorder.run} | {
            name: make(cluster).run for name, make in CONTROLLERS.items()
        }
        self._tasks: list[asyncio.Task[None]] = []
        self.server = Server(
            config.address,
            "controllers",
            lambda _guard: (),
            (),
            allow_insecure=config.allow_insecure,
            metrics_address=config.metrics_address,
        )

    async def start(self) -> None:
        """Serve health, and control as soon as the apiserver is there."""
        await self.server.start()
        self._tasks = [process.spawn(run, name) for name, run in self._loops.items()]

    async def stop(self) -> None:
        """Stop where it is: whoever controls next finds all in the apiserver."""
        await process.end(*self._tasks)
        await self.server.stop()
        await self._channel.close()


async def serve(config: ControllersConfig, stop: asyncio.Event) -> None:
    """Run the controllers until `stop` is set."""
    await process.serve_until(stop, ControllersService(config))
