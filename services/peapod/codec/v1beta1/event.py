"""The table of Event."""

from __future__ import annotations

from typing import Any

from peapod.codec.engine.scalars import INT32, TEXT, TIME, Time
from peapod.codec.engine.shapes import Constant, Field, Object, Report, Slot
from peapod.codec.v1beta1.meta import METADATA, REFERENCE


class OnlyTime(Time):
    """The one time that events had before they were counted: read when the first time is missing."""

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Stand for the first time, the last time and a count of one."""
        if slot.given:
            return
        super().read(value, slot, report)
        if slot.given:
            Slot(slot.owner, "last_timestamp").value.CopyFrom(slot.value)
            Slot(slot.owner, "count").put(1)


EVENT = (
    *METADATA,
    Field("involvedObject", "involved_object", Object(REFERENCE), always=True),
    Field("status", "", Constant()),
    Field("reason", "reason", TEXT),
    Field("message", "message", TEXT),
    Field("source", "source.component", TEXT),
    Field("host", "source.host", TEXT),
    Field("lastTimestamp", "last_timestamp", TIME, always=True),
    Field("count", "count", INT32),
    Field("firstTimestamp", "first_timestamp", TIME, always=True),
    Field("timestamp", "first_timestamp", OnlyTime(), always=True),
)
