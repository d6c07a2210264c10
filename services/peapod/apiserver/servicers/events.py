"""What events have beyond the standard verbs."""

from __future__ import annotations

from typing import Any

from peapod.apiserver.resources import event as event_rules
from peapod.apiserver.servicers import batch
from peapod.apiserver.servicers.standard import Standard
from peapod.common.errors import AlreadyExists, NotFound
from peapod.v1 import event_pb2
from peapod.v1 import event_service_pb2 as pb


class Events(Standard[event_pb2.Event]):
    """The verbs of events."""

    async def record_events(self, request: pb.RecordEventsRequest, context: Any) -> pb.RecordEventsResponse:
        """Store events, or count them in where they are repeats."""
        return pb.RecordEventsResponse(results=await batch.each(request.events, "events", self._record))

    async def _record(self, event: event_pb2.Event) -> int:
        event_rules.identify(event)

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
