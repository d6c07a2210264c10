"""One right object of each kind, and the calls that all kinds have, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc.aio

from peapod.common import kinds
from peapod.common.kinds import Kind
from peapod.v1 import (
    endpoints_pb2,
    event_pb2,
    limit_range_pb2,
    meta_pb2,
    namespace_pb2,
    replication_controller_pb2,
    resource_quota_pb2,
    secret_pb2,
    service_pb2,
)
from tests.support.objects import NONE, make_node, make_pod


def make_controller(replicas: int = 2) -> replication_controller_pb2.ReplicationController:
    """A controller of pods that are called web."""
    controller = replication_controller_pb2.ReplicationController()
    controller.spec.replicas = replicas
    controller.spec.selector["app"] = "web"
    controller.spec.template.metadata.labels.update({"app": "web", "tier": "front"})
    controller.spec.template.spec.CopyFrom(make_pod().spec)
    return controller


def make_service() -> service_pb2.Service:
    """A service on port 80."""
    service = service_pb2.Service()
    service.spec.ports.add(port=80)
    service.spec.selector["app"] = "web"
    return service


def make_endpoints(*addresses: str) -> endpoints_pb2.Endpoints:
    """Addresses that answer at port 80."""
    endpoints = endpoints_pb2.Endpoints()
    subset = endpoints.subsets.add()
    for address in addresses or ("10.0.0.1",):
        subset.addresses.add(ip=address)
    subset.ports.add(port=80)
    return endpoints


def make_limit_range() -> limit_range_pb2.LimitRange:
    """Bounds for pods."""
    limit_range = limit_range_pb2.LimitRange()
    limit_range.spec.limits.add(type="Pod", max={"cpu": "2", "memory": "1Gi"}, min={"cpu": "100m"})
    return limit_range


def make_quota() -> resource_quota_pb2.ResourceQuota:
    """Bounds for a namespace."""
    return resource_quota_pb2.ResourceQuota(spec={"hard": {"pods": "10", "cpu": "4"}})


_MAKERS = {
    kinds.POD: make_pod,
    kinds.REPLICATION_CONTROLLER: make_controller,
    kinds.SERVICE: make_service,
    kinds.ENDPOINTS: make_endpoints,
    kinds.NODE: make_node,
    kinds.EVENT: lambda: event_pb2.Event(reason="started", message="it runs"),
    kinds.NAMESPACE: namespace_pb2.Namespace,
    kinds.SECRET: lambda: secret_pb2.Secret(data={"key": b"value"}),
    kinds.LIMIT_RANGE: make_limit_range,
    kinds.RESOURCE_QUOTA: make_quota,
}


def make(kind: Kind, name: str = "a", *, labels: Mapping[str, str] = NONE, namespace: str = "") -> Any:
    """A right object of a kind."""
    found: Any = _MAKERS[kind]()
    found.metadata.CopyFrom(meta_pb2.ObjectMeta(name=name, namespace=namespace, labels=labels))
    return found


class Objects:
    """The verbs of one kind, over a channel."""

    def __init__(self, kind: Kind, channel: grpc.aio.Channel) -> None:
        self.kind = kind
        self._client = kind.client(channel)

    async def call(self, verb: str, **fields: Any) -> Any:
        """Do a verb and return its answer."""
        return await self.kind.bound(self._client, verb)(self.kind.request(verb, **fields))

    async def create(self, obj: Any, **fields: Any) -> Any:
        """Store an object."""
        return self.kind.of(await self.call("Create", **{self.kind.singular: obj}, **fields))

    async def get(self, name: str, **fields: Any) -> Any:
        """Read an object."""
        return self.kind.of(await self.call("Get", name=name, **fields))

    async def update(self, obj: Any, verb: str = "Update") -> Any:
        """Replace an object, or what the verb replaces of it."""
        return self.kind.of(await self.call(verb, **{self.kind.singular: obj}))

    async def delete(self, name: str, **fields: Any) -> Any:
        """Remove an object."""
        return self.kind.of(await self.call("Delete", name=name, **fields))

    async def remove(self, name: str, **fields: Any) -> Any:
        """Remove an object for good: of a namespace, the finalizers too."""
        gone = await self.delete(name, **fields)
        if self.kind is kinds.NAMESPACE and gone.spec.finalizers:
            gone.spec.finalizers[:] = []
            gone = await self.update(gone, "Finalize")
        return gone

    async def names(self, **fields: Any) -> list[str]:
        """The names of all that match, in their order."""
        return [item.metadata.name for item in (await self.call("List", **fields)).items]

    def watch(self, **fields: Any) -> Any:
        """Open a watch; it is read inside `async with`."""
        return self.kind.bound(self._client, "Watch")(self.kind.request("Watch", **fields))
