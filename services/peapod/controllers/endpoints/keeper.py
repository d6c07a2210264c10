"""Writes the endpoints of services whenever they are others, and removes them with their services."""

from __future__ import annotations

from peapod.common.follower import Key, key_of
from peapod.common.informer import Informer
from peapod.common.reconcile import ReconcileLoop
from peapod.controllers.endpoints.decide import are_made, differ, wanted
from peapod.controllers.members import Members
from peapod.v1.endpoints_pb2 import Endpoints
from peapod.v1.endpoints_service_pb2 import CreateEndpointsRequest, DeleteEndpointsRequest, UpdateEndpointsRequest
from peapod.v1.endpoints_service_rpc import EndpointsServiceClient
from peapod.v1.meta_pb2 import EventType
from peapod.v1.pod_pb2 import Pod
from peapod.v1.service_pb2 import Service

ANSWER_SECONDS = 10.0
PAUSE_SECONDS = 0.05
"""How long changes of pods are collected: each write tells all of a service's addresses anew."""


class EndpointsKeeper:
    """Keeps the endpoints of every service that has a selector."""

    def __init__(
        self,
        services: Informer[Service],
        pods: Informer[Pod],
        endpoints: Informer[Endpoints],
        client: EndpointsServiceClient,
    ) -> None:
        self._services = services
        self._endpoints = endpoints
        self._client = client
        self._members = Members()
        self._loop: ReconcileLoop[Key] = ReconcileLoop(
            "endpoints", self, [services, pods, endpoints], lambda: {*services.objects, *endpoints.objects}
        )
        self.run = self._loop.run
        services.on_change(self._service_changed)
        pods.on_change(self._pod_changed)
        endpoints.on_change(self._endpoints_changed)

    async def reconcile(self, key: Key) -> str:
        """Have one service's endpoints be what its pods are."""
        service, stored = self._services.objects.get(key), self._endpoints.objects.get(key)
        if service is None:
            return await self._remove(stored) if stored is not None and are_made(stored) else ""
        if not service.spec.selector:
            return ""
        wish = wanted(service, self._members.of(key).values())
        if stored is None:
            response = await self._client.create_endpoints(
                CreateEndpointsRequest(endpoints=wish), timeout=ANSWER_SECONDS
            )
            return self._wrote(response.endpoints)
        if not differ(stored, wish):
            return ""
        changed = Endpoints()
        changed.CopyFrom(stored)
        changed.ClearField("subsets")
        changed.subsets.extend(wish.subsets)
        changed.metadata.ClearField("labels")
        changed.metadata.labels.update(wish.metadata.labels)
        changed.metadata.annotations.update(wish.metadata.annotations)
        update = await self._client.update_endpoints(UpdateEndpointsRequest(endpoints=changed), timeout=ANSWER_SECONDS)
        return self._wrote(update.endpoints)

    async def _remove(self, stored: Endpoints) -> str:
        # The service may be on its way here: its endpoints may have been seen first.
        await self._services.reach(stored.metadata.resource_version)
        return "" if key_of(stored) in self._services.objects else await self._delete(stored)

    async def _delete(self, stored: Endpoints) -> str:
        namespace, name = key_of(stored)
        version = stored.metadata.resource_version
        request = DeleteEndpointsRequest(namespace=namespace, name=name, resource_version=version)
        response = await self._client.delete_endpoints(request, timeout=ANSWER_SECONDS)
        self._loop.wrote(key_of(stored), self._endpoints, response.endpoints.metadata.resource_version)
        return "removed with the service"

    def _wrote(self, stored: Endpoints) -> str:
        self._loop.wrote(key_of(stored), self._endpoints, stored.metadata.resource_version)
        count = sum(len(subset.addresses) for subset in stored.subsets)
        return f"{count} {'address is' if count == 1 else 'addresses are'} ready"

    def _service_changed(self, _kind: EventType, old: Service | None, new: Service | None) -> None:
        if new is not None:
            self._members.choose(key_of(new), new.spec.selector)
            self._loop.add(key_of(new))
        elif old is not None:
            self._members.choose(key_of(old), {})
            self._loop.add(key_of(old))

    def _pod_changed(self, _kind: EventType, old: Pod | None, new: Pod | None) -> None:
        for key in self._members.changed(old, new):
            self._loop.add_after(key, PAUSE_SECONDS)

    def _endpoints_changed(self, _kind: EventType, old: Endpoints | None, new: Endpoints | None) -> None:
        if (either := new or old) is not None:
            self._loop.add(key_of(either))
