"""The controllers beside an apiserver, all in this process, and what users do that they have to follow."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import grpc.aio

from peapod.common.errors import Conflict, from_rpc
from peapod.controllers.config import ControllersConfig
from peapod.controllers.server import ControllersService
from peapod.v1 import pod_pb2
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1 import replication_controller_pb2 as rc
from peapod.v1 import replication_controller_service_pb2 as rcs
from tests.support.apiserver import Api
from tests.support.objects import TRUE


@asynccontextmanager
async def running_controllers(apiserver: str, **settings: object) -> AsyncGenerator[ControllersService]:
    """Run the controllers of an apiserver; `settings` are fields of their config."""
    service = ControllersService(ControllersConfig(apiserver=apiserver, **settings))  # type: ignore[arg-type]
    try:
        await service.start()
        yield service
    finally:
        await service.stop()


async def create_controller(api: Api, controller: rc.ReplicationController) -> rc.ReplicationController:
    request = rcs.CreateReplicationControllerRequest(replication_controller=controller)
    return (await api.replication_controllers.create_replication_controller(request)).replication_controller


async def resize(api: Api, name: str, replicas: int, namespace: str = "default") -> None:
    """Ask for another number of pods, whatever else of the controller changes meanwhile."""
    client = api.replication_controllers
    get = rcs.GetReplicationControllerRequest(namespace=namespace, name=name)
    while True:
        controller = (await client.get_replication_controller(get)).replication_controller
        controller.spec.replicas = replicas
        controller.ClearField("status")
        update = rcs.UpdateReplicationControllerRequest(replication_controller=controller)
        try:
            await client.update_replication_controller(update)
        except grpc.aio.AioRpcError as error:
            if not isinstance(from_rpc(error), Conflict):
                raise
        else:
            return


async def set_running(api: Api, some: Iterable[pod_pb2.Pod], *, ready: bool = True, ip: str = "10.1.2.3") -> None:
    """Tell of pods what their kubelets would: that they run."""
    updates = []
    for pod in some:
        status = pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_RUNNING, pod_ip=ip)
        if ready:
            status.conditions.add(type="Ready", status=TRUE)
        metadata = pod.metadata
        updates.append(
            pods.PodStatusUpdate(namespace=metadata.namespace, name=metadata.name, uid=metadata.uid, status=status)
        )
    await api.pods.update_pod_statuses(pods.UpdatePodStatusesRequest(updates=updates))


async def delete_pod(api: Api, name: str, namespace: str = "default") -> None:
    await api.pods.delete_pod(pods.DeletePodRequest(namespace=namespace, name=name))
