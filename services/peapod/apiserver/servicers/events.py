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
        # Repeats within the batch would all get in each other's way, were each counted in by itself.
        told: dict[tuple[str, str], event_pb2.Event] = {}
        places = [_merge(told, event) for event in batch.bounded(request.events, "events")]
        results = dict(zip(told, await batch.each([*told.values()], "events", self._record), strict=True))
        return pb.RecordEventsResponse(results=[results[place] for place in places])

    async def _record(self, event: event_pb2.Event) -> int:
        self._limits.take(event)

        def count(stored: event_pb2.Event) -> bool:
            event_rules.repeat(stored, event)
            # With each repeat its time begins again.
            self.registry.strategy.begin(stored)
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


def _merge(told: dict[tuple[str, str], event_pb2.Event], event: event_pb2.Event) -> tuple[str, str]:
    """Add an event, or count it in; return where it is."""
    event_rules.identify(event)
    place = (event.metadata.namespace, event.metadata.name)
    if place in told:
        event_rules.repeat(told[place], event)
    else:
        event.count = max(event.count, 1)
        told[place] = event
    return place


def _version(answer: bytes) -> int:
    return pb.CreateEventResponse.FromString(answer).event.metadata.resource_version
