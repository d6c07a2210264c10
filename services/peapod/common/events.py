"""Tells people what happened to an object: events, sent to the apiserver in batches and never in anyone's way."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp

from peapod.common import errors
from peapod.common.backoff import Backoff
from peapod.common.errors import Forbidden, Invalid, PeapodError, TooMany, Unsupported
from peapod.v1.event_pb2 import Event, EventSource
from peapod.v1.event_service_pb2 import RecordEventsRequest
from peapod.v1.event_service_rpc import EventServiceClient
from peapod.v1.meta_pb2 import ObjectMeta, ObjectReference

logger = logging.getLogger(__name__)

WAITING_MOST = 1000
BATCH_MOST = 500
ANSWER_SECONDS = 10.0

_FINAL = (Forbidden, Invalid, TooMany, Unsupported)
"""Errors of what the server will not take another time either, or not before it has grown old."""

Record = Callable[[ObjectReference, str, str], None]
"""Has it told that a reason, one word, happened to an object, with one sentence."""

_Sameness = tuple[str, ...]


class Object(Protocol):
    """A stored object of any kind."""

    @property
    def metadata(self) -> ObjectMeta:
        """Carries the name, the uid and the revision."""
        ...

    @property
    def DESCRIPTOR(self) -> Any:
        """Carries the kind."""
        ...


class Recorder:
    """Sends the events of one component, which runs on `host` if that matters.

    What waits is kept in memory only. The same event again, while it waits, is counted; when too many wait, the
    oldest go.
    """

    def __init__(self, client: EventServiceClient, component: str, host: str = "") -> None:
        self._client = client
        self._source = EventSource(component=component, host=host)
        self._waiting: OrderedDict[_Sameness, Event] = OrderedDict()
        self._filled = asyncio.Event()
        self._dropped = 0
        self._trouble = ""

    def record(self, about: ObjectReference | Object, reason: str, message: str) -> None:
        """Have it told that `reason`, one word, happened to the object; `message` is one sentence. Never waits."""
        reference = about if isinstance(about, ObjectReference) else reference_to(about)
        now = Timestamp()
        now.GetCurrentTime()
        event = Event(
            metadata=ObjectMeta(namespace=reference.namespace or "default"),
            involved_object=reference,
            reason=reason,
            message=message,
            source=self._source,
            first_timestamp=now,
            last_timestamp=now,
            count=1,
        )
        self._add(event)
        self._make_room()
        self._filled.set()

    async def run(self) -> None:
        """Send what is recorded until cancelled; what waits then is lost."""
        backoff = Backoff(0.5, 30)
        while True:
            await self._filled.wait()
            batch = self._take()
            try:
                await self._send(batch)
            except PeapodError as error:
                self._tell_once(f"cannot send events ({error.code.name}: {error.message}), trying again")
                self._put_back(batch)
                await asyncio.sleep(backoff.next() * random.uniform(0.5, 1.0))
            else:
                backoff.reset()

    async def _send(self, batch: list[Event]) -> None:
        """Drops what the server will not take; raises what may be otherwise another time."""
        try:
            response = await self._client.record_events(RecordEventsRequest(events=batch), timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as failure:
            problem = errors.from_rpc(failure)
            if not isinstance(problem, _FINAL):
                raise problem from failure
            self._tell_once(f"events were refused: {problem.message}")
            return
        refusals = [error.message for item in response.results if (error := errors.from_item(item))]
        self._tell_once(f"events were refused: {refusals[0]}" if refusals else "")

    def _tell_once(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            logger.warning("%s", trouble)
        self._trouble = trouble

    def _take(self) -> list[Event]:
        batch = [self._waiting.popitem(last=False)[1] for _ in range(min(BATCH_MOST, len(self._waiting)))]
        if not self._waiting:
            self._filled.clear()
        if self._dropped:
            logger.warning("dropped %d events: they came faster than they could be sent", self._dropped)
            self._dropped = 0
        return batch

    def _put_back(self, batch: list[Event]) -> None:
        """Let the batch wait at the front again, as the oldest."""
        later, self._waiting = self._waiting, OrderedDict()
        for event in [*batch, *later.values()]:
            self._add(event)
        self._make_room()
        self._filled.set()

    def _add(self, event: Event) -> None:
        about = event.involved_object
        sameness = (about.kind, about.namespace, about.name, about.uid, about.field_path, event.reason, event.message)
        earlier = self._waiting.get(sameness)
        if earlier is None:
            self._waiting[sameness] = event
        else:
            earlier.count += event.count
            earlier.last_timestamp.CopyFrom(event.last_timestamp)
            earlier.involved_object.CopyFrom(about)

    def _make_room(self) -> None:
        while len(self._waiting) > WAITING_MOST:
            self._waiting.popitem(last=False)
            self._dropped += 1


def reference_to(about: Object) -> ObjectReference:
    """Point at an object as it is now."""
    metadata = about.metadata
    return ObjectReference(
        kind=about.DESCRIPTOR.name,
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=str(metadata.resource_version or ""),
    )
