"""Wires the simulated nodes of one process."""

from __future__ import annotations

import asyncio
from pathlib import Path

from peapod.common import kinds, process
from peapod.common.channel import open_channel
from peapod.common.events import Recorder
from peapod.common.follower import source_of
from peapod.common.informer import Informer
from peapod.common.server import Server
from peapod.kubelet.lock import sole_user
from peapod.kubelet.node.machine import Machine
from peapod.kubelet.services import Services
from peapod.kubelet.simulated.config import SimulatedConfig
from peapod.kubelet.simulated.node import Shared, SimulatedNode
from peapod.kubelet.simulated.pods import AllPods
from peapod.kubelet.status_reporter import StatusReporter
from peapod.v1.event_service_rpc import EventServiceClient
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod.v1.service_pb2 import Service

SPREAD_SECONDS = 2.0
"""Over how long the nodes appear, so that their heartbeats never come all at once."""


class SimulatedNodes:
    """All nodes of one process. `start` once, `stop` once; their containers end with it."""

    def __init__(self, config: SimulatedConfig) -> None:
        self._config = config
        self._channel = open_channel(config.apiserver)
        pods = PodServiceClient(self._channel)
        self._reporter = StatusReporter(pods, lambda pod: pod)
        self._recorder = Recorder(EventServiceClient(self._channel), "kubelet", config.name)
        self._pods = AllPods(pods)
        self._services: Informer[Service] = Informer(
            source_of(kinds.SERVICE, kinds.SERVICE.client(self._channel)), name="services"
        )
        self._shared = Shared(
            pods,
            NodeServiceClient(self._channel),
            self._reporter,
            self._recorder.record,
            Services(self._services),
            Machine.read(),
        )
        self._tasks: list[asyncio.Task[None]] = []
        self.server = Server(
            config.address,
            "simulated-nodes",
            lambda guard: (),
            (),
            allow_insecure=config.allow_insecure,
            metrics_address=config.metrics_address,
        )

    async def start(self) -> None:
        """Serve health, then let the nodes appear; the apiserver needs not be there yet."""
        await self.server.start()
        configs = [self._config.node(number) for number in range(self._config.nodes)]
        shares = [self._pods.of(config.node_name) for config in configs]
        loops = {
            "pods of simulated nodes": self._pods.run,
            "services": self._services.run,
            "status reporter": self._reporter.run,
            "event recorder": self._recorder.run,
        }
        self._tasks += [process.spawn(run, name) for name, run in loops.items()]
        for config, share in zip(configs, shares, strict=True):
            node = SimulatedNode(config, self._shared, share)
            self._tasks += [process.spawn(run, f"{config.node_name}: {name}") for name, run in node.loops.items()]
            self._tasks.append(asyncio.create_task(share.run(), name=f"{config.node_name}: pods"))
            await asyncio.sleep(SPREAD_SECONDS / self._config.nodes)

    async def stop(self) -> None:
        """End all nodes."""
        await self.server.stop()
        await process.end(*self._tasks)
        await self._channel.close()


async def serve(config: SimulatedConfig, stop: asyncio.Event) -> None:
    """Run simulated nodes until `stop` is set."""
    with sole_user(Path(config.root_dir)):
        await process.serve_until(stop, SimulatedNodes(config))
