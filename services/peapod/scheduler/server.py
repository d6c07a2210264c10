"""Wires the scheduler: informers, recorder, the loop that schedules, and a server that explains."""

from __future__ import annotations

import asyncio

from peapod.common import informer, process
from peapod.common.channel import open_channel
from peapod.common.events import Recorder
from peapod.common.informer import Informer
from peapod.common.leadership import Leadership
from peapod.common.server import Server
from peapod.scheduler import metrics
from peapod.scheduler.config import SchedulerConfig
from peapod.scheduler.scheduler import Scheduler
from peapod.scheduler.servicer import Placements
from peapod.v1.event_service_rpc import EventServiceClient
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod.v1.scheduler_service_pb2 import DESCRIPTOR
from peapod.v1.scheduler_service_rpc import scheduler_service_handler


class SchedulerService:
    """One scheduler of a cluster, at work or standing by. `start` once, `stop` once."""

    def __init__(self, config: SchedulerConfig) -> None:
        self._channel = open_channel(config.apiserver)
        self._pods = Informer(informer.pods(PodServiceClient(self._channel)), name="pods")
        self._nodes = Informer(informer.nodes(NodeServiceClient(self._channel)), name="nodes")
        self._recorder = Recorder(EventServiceClient(self._channel), "scheduler")
        self._leadership = Leadership(config, self._channel, "scheduler", [self._pods, self._nodes])
        client = PodServiceClient(self._leadership.channel)
        self.scheduler = Scheduler(self._pods, self._nodes, client, self._recorder, most=config.batch)
        self._tasks: list[asyncio.Task[None]] = []
        self.server = Server(
            config.address,
            "scheduler",
            lambda guard: (scheduler_service_handler(Placements(self.scheduler), guard),),
            (DESCRIPTOR.services_by_name["SchedulerService"].full_name,),
            allow_insecure=config.allow_insecure,
            metrics_address=config.metrics_address,
        )
        metrics.register(self.server.registry, self.scheduler)
        self._leadership.register(self.server.registry)

    async def start(self) -> None:
        """Serve health, and schedule as soon as the apiserver is there and nobody else does."""
        await self.server.start()
        self._tasks = [
            process.spawn(self._pods.run, "pods"),
            process.spawn(self._nodes.run, "nodes"),
            process.spawn(self._recorder.run, "events"),
            process.spawn(self._lead, "leadership"),
            # Whoever stands by explains as well.
            asyncio.create_task(self.scheduler.learn(), name="learning"),
        ]

    async def stop(self) -> None:
        """Stop where it is: whoever schedules next finds all in the apiserver."""
        await process.end(*self._tasks)
        await self.scheduler.close()
        await self.server.stop()
        await self._channel.close()

    async def _lead(self) -> None:
        await self._leadership.run({"scheduling": self.scheduler.run})


async def serve(config: SchedulerConfig, stop: asyncio.Event) -> None:
    """Run a scheduler until `stop` is set."""
    await process.serve_until(stop, SchedulerService(config))
