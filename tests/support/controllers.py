"""What a replication manager does of itself: writing how many pods there are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import grpc.aio

from peapod.common import process
from peapod.common.errors import Conflict, NotFound, from_rpc
from peapod.v1 import replication_controller_pb2 as pb
from peapod.v1 import replication_controller_service_pb2 as requests
from tests.support.apiserver import Api
from tests.support.following import PATIENCE


class Obedient:
    """A manager whose pods are there, or gone, as soon as they are asked for; `history` tells which counts it saw."""

    def __init__(self, api: Api) -> None:
        self._client = api.replication_controllers
        self.history: list[tuple[str, int]] = []
        self._api = api

    async def run(self) -> None:
        """Follow every controller."""
        async with self._client.watch_replication_controllers(requests.WatchReplicationControllersRequest()) as stream:
            async for batch in stream:
                for change in batch.events:
                    await self._obey(change.replication_controller)

    async def reached(self, name: str, count: int) -> None:
        """Wait until a controller has a number of pods."""
        await until(self._api, name, lambda controller: controller.status.replicas == count)

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


async def create(api: Api, *controllers: pb.ReplicationController) -> None:
    """Store some controllers."""
    for controller in controllers:
        request = requests.CreateReplicationControllerRequest(replication_controller=controller)
        await api.replication_controllers.create_replication_controller(request)


async def read(api: Api, name: str) -> pb.ReplicationController:
    """Read one."""
    request = requests.GetReplicationControllerRequest(namespace="default", name=name)
    return (await api.replication_controllers.get_replication_controller(request)).replication_controller


async def resize(api: Api, name: str, replicas: int) -> None:
    """Ask for another number of pods, whatever else of the controller changes meanwhile."""
    while True:
        controller = await read(api, name)
        controller.spec.replicas = replicas
        controller.ClearField("status")
        update = requests.UpdateReplicationControllerRequest(replication_controller=controller)
        try:
            await api.replication_controllers.update_replication_controller(update)
        except grpc.aio.AioRpcError as error:
            if not isinstance(from_rpc(error), Conflict):
                raise
        else:
            return


async def until(api: Api, name: str, holds: Callable[[pb.ReplicationController], bool]) -> None:
    """Wait until something holds of a controller."""
    fields = f"metadata.name={name}"
    request = requests.WatchReplicationControllersRequest(namespace="default", field_selector=fields)
    async with asyncio.timeout(PATIENCE), api.replication_controllers.watch_replication_controllers(request) as stream:
        async for batch in stream:
            if any(holds(change.replication_controller) for change in batch.events):
                return


async def names(api: Api) -> list[str]:
    """List which there are."""
    request = requests.ListReplicationControllersRequest(namespace="default")
    listed = await api.replication_controllers.list_replication_controllers(request)
    return [controller.metadata.name for controller in listed.items]


def make_controller(name: str, replicas: int, *, version: str = "1") -> pb.ReplicationController:
    """A controller of pods with one container, told apart by their version."""
    controller = pb.ReplicationController(metadata={"name": name, "namespace": "default"})
    labels = {"app": "shop", "version": version}
    controller.spec.replicas = replicas
    controller.spec.selector.update(labels)
    controller.spec.template.metadata.labels.update(labels)
    controller.spec.template.spec.containers.add(name="c", image=f"peapod-test/none:{version}")
    return controller
