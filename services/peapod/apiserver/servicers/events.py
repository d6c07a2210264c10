"""Events over gRPC."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from peapod.apiserver.registry import Registry
from peapod.apiserver.resources import event as event_rules
from peapod.apiserver.servicers import batch
from peapod.common.errors import AlreadyExists, NotFound
from peapod.v1 import event_pb2
from peapod.v1 import event_service_pb2 as pb
from peapod.v1.event_service_rpc import EventServiceServicer


class Events(EventServiceServicer):
    """The verbs of events."""

    def __init__(self, events: Registry[event_pb2.Event]) -> None:
        self._events = events

    async def create_event(self, request: pb.CreateEventRequest, context: Any) -> bytes:
        """Store a new one."""
        return await self._events.create(request.event, validate_only=request.validate_only)

    async def get_event(self, request: pb.GetEventRequest, context: Any) -> bytes:
        """Answer with one."""
        return await self._events.get(request.namespace, request.name)

    async def list_events(self, request: pb.ListEventsRequest, context: Any) -> bytes:
        """Answer with a snapshot."""
        return await self._events.list(request.namespace, request.label_selector, request.field_selector)

    async def update_event(self, request: pb.UpdateEventRequest, context: Any) -> bytes:
        """Replace what is mutable."""
        return await self._events.update(request.event)

    async def delete_event(self, request: pb.DeleteEventRequest, context: Any) -> bytes:
        """Remove one."""
        return await self._events.delete(request.namespace, request.name, request.uid, request.resource_version)

    def watch_events(self, request: pb.WatchEventsRequest, context: Any) -> AsyncGenerator[bytes, None]:
        """Stream changes."""
        return self._events.watch(
            request.namespace, request.label_selector, request.field_selector, request.revision, request.store_id
        )

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
                return await self._events.change(event.metadata.namespace, event.metadata.name, count)
            except NotFound:
                fresh = event_pb2.Event()
                fresh.CopyFrom(event)
                try:
                    return _version(await self._events.create(fresh))
                except AlreadyExists:
                    continue


def _version(answer: bytes) -> int:
    return pb.CreateEventResponse.FromString(answer).event.metadata.resource_version
