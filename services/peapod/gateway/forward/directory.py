"""Looks objects up at the apiserver. Nothing is remembered: an address of a moment ago may be another one's now."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio

from peapod.common.errors import NotFound, Unavailable, from_rpc
from peapod.common.kinds import ENDPOINTS, NODE, POD, SERVICE, Kind
from peapod.gateway.forward import destination
from peapod.gateway.forward.destination import Destination
from peapod.gateway.forward.place import Place

ANSWER_SECONDS = 10.0


class Directory:
    """Reads objects over one channel. Raises what the apiserver answers, and `TooLate` when it does not."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._clients = {kind: kind.client(channel) for kind in (POD, SERVICE, ENDPOINTS, NODE)}

    async def get(self, kind: Kind, namespace: str, name: str) -> Any:
        """Read one object."""
        scope = {"namespace": namespace} if kind.namespaced else {}
        return kind.of(await self.ask(kind, "Get", name=name, **scope))

    async def ask(self, kind: Kind, verb: str, **fields: Any) -> Any:
        """Ask one question, and wait so long for the answer as a user would."""
        try:
            return await kind.bound(self._clients[kind], verb)(kind.request(verb, **fields), timeout=ANSWER_SECONDS)
        except grpc.RpcError as error:
            raise from_rpc(error) from error

    async def locate(self, place: Place) -> Destination:
        """Find out where an object answers; raises `Unavailable` when it does not do so now."""
        if place.kind is POD:
            return destination.of_pod(await self.get(POD, place.namespace, place.name), place.port)
        if place.kind is SERVICE:
            return await self._service(place)
        return destination.of_node((await self.get(NODE, "", place.name)).metadata.name)

    async def _service(self, place: Place) -> Destination:
        try:
            endpoints = await self.get(ENDPOINTS, place.namespace, place.name)
        except NotFound:
            # What is missing is the service, if that is not there either.
            await self.get(SERVICE, place.namespace, place.name)
            raise Unavailable(f'service "{place.name}" has no endpoints') from None
        return destination.of_endpoints(endpoints, place.port)
