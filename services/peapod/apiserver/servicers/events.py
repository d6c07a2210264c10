"""What events have beyond the standard verbs."""

from __future__ import annotations

from typing import Any

from peapod.apiserver.event_limits import EventLimits
from peapod.apiserver.registry import Registry
from peapod.apiserver.resources import event as event_rules
from peapod.apiserver.servicers import batch
from peapod.apiserver.servicers.standard import Standard
from peapod.common.errors import AlreadyExists, NotFound
from peapod.v1 import event_pb2
from peapod.v1 import event_service_pb2 as pb


class Events(Standard[event_pb2.Event]):
    """The verbs of events. What is beyond the limits of its source is dropped."""

    def __init__(self, events: Registry[event_pb2.Event], limits: EventLimits) -> None:
        super().__init__(events)
        self._limits = limits

    async def create(self, request: pb.CreateEventRequest, context: Any) -> bytes:
        """Store a new one, under the name that it has."""
        if not request.validate_only:
            self._limits.take(request.event)
        return await super().create(request, context)

    async def record_events(self, request: pb.RecordEventsRequest, context: Any) -> pb.RecordEventsResponse:
        """Store events, or count them in where they are repeats."""
        return pb.RecordEventsResponse(results=await batch.each(request.events, "events", self._record))

    async def _record(self, event: event_pb2.Event) -> int:
        event_rules.identify(event)
        self._limits.take(event)

        def count(stored: event_pb2.Event) -> bool:
            event_rules.repeat(stored, event)
            return True

        while True:
            try:
                return await self.registry.change(event.metadata.namespace, event.metadata.name, count)
            except NotFound:
                fresh = event_pb2.Event()
                fresh.CopyFrom(event)
                try:
                    return _version(await self.registry.create(fresh))
                except AlreadyExists:
                    continue


def _version(answer: bytes) -> int:
    return pb.CreateEventResponse.FromString(answer).event.metadata.resource_version
