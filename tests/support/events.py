"""Events as a kubelet tells them."""

from __future__ import annotations

import time

from peapod.common import kinds
from peapod.v1.event_pb2 import Event
from peapod.v1.event_service_pb2 import RecordEventsRequest
from peapod.v1.meta_pb2 import ItemResult
from tests.support.apiserver import Api
from tests.support.kinds import Objects


def event(number: int, *, host: str = "n1", ago: float = 0) -> Event:
    """One of many, dated by a reporter's clock that is so many seconds behind."""
    told = Event(reason="failed", message=f"attempt {number}", source={"component": "kubelet", "host": host})
    told.last_timestamp.FromNanoseconds(int((time.time() - ago) * 1e9))
    return told


async def record(api: Api, *told: Event) -> list[ItemResult]:
    """Tell events in one batch."""
    return list((await api.events.record_events(RecordEventsRequest(events=told))).results)


async def listed(api: Api) -> dict[str, Event]:
    """All events by their messages."""
    listing = await Objects(kinds.EVENT, api.channel).call("List")
    return {found.message: found for found in listing.items}


async def messages(api: Api) -> set[str]:
    """The messages of all events."""
    return {*await listed(api)}
