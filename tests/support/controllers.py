"""What a replication manager does of itself: writing how many pods there are."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import grpc.aio

from peapod.common import process
from peapod.common.errors import Conflict, NotFound, from_rpc
from peapod.v1 import replication_controller_pb2 as pb
from peapod.v1 import replication_controller_service_pb2 as requests
from tests.support.apiserver import Api


class Obedient:
    """A manager whose pods are there, or gone, as soon as they are asked for; `history` tells which counts it saw."""

    def __init__(self, api: Api) -> None:
        self._client = api.replication_controllers
        self.history: list[tuple[str, int]] = []

    async def run(self) -> None:
        """Follow every controller."""
        async with self._client.watch_replication_controllers(requests.WatchReplicationControllersRequest()) as stream:
            async for batch in stream:
                for change in batch.events:
                    await self._obey(change.replication_controller)

    async def _obey(self, controller: pb.ReplicationController) -> None:
        wanted = controller.spec.replicas
        if controller.status.replicas == wanted:
            return
        self.history.append((controller.metadata.name, wanted))
        controller.status.replicas = wanted
        request = requests.UpdateReplicationControllerRequest(replication_controller=controller)
        try:
            await self._client.update_replication_controller(request)
        except grpc.aio.AioRpcError as error:
            # Whoever changed or deleted it in between is heard of next.
            if not isinstance(from_rpc(error), Conflict | NotFound):
                raise


@asynccontextmanager
async def obedient(api: Api) -> AsyncGenerator[Obedient]:
    """Run such a manager."""
    manager = Obedient(api)
    task = process.spawn(manager.run, "the manager")
    try:
        yield manager
    finally:
        await process.end(task)


def make_controller(name: str, replicas: int, *, version: str = "1") -> pb.ReplicationController:
    """A controller of pods with one container, told apart by their version."""
    controller = pb.ReplicationController(metadata={"name": name, "namespace": "default"})
    labels = {"app": "shop", "version": version}
    controller.spec.replicas = replicas
    controller.spec.selector.update(labels)
    controller.spec.template.metadata.labels.update(labels)
    controller.spec.template.spec.containers.add(name="c", image=f"peapod-test/none:{version}")
    return controller
