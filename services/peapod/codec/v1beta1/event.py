"""The table of Event."""

from __future__ import annotations

from typing import Any

from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report
from peapod.codec.engine.scalars import INT32, TEXT, TIME, Time
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Reader, Table
from peapod.codec.v1beta1.meta import IGNORED, METADATA, REFERENCE


class OnlyTime(Time):
    """The one time that events had before they were counted: read when the first time is missing."""

    def reader(self, place: Place) -> Reader:
        """Stand for the first time, the last time and a count of one."""
        read = super().reader(place)

        def read_unless_given(value: Any, event: Any, report: Report) -> None:
            if not event.HasField("first_timestamp"):
                read(value, event, report)
                event.last_timestamp.CopyFrom(event.first_timestamp)
                event.count = 1

        return read_unless_given


EVENT = Table(
    "Event",
    *METADATA,
    Field("involvedObject", "involved_object", Object(REFERENCE), always=True, required=True),
    Field("status", "", IGNORED),
    Field("reason", "reason", TEXT),
    Field("message", "message", TEXT),
    Field("source", "source.component", TEXT),
    Field("host", "source.host", TEXT),
    Field("lastTimestamp", "last_timestamp", TIME, always=True),
    Field("count", "count", INT32),
    Field("firstTimestamp", "first_timestamp", TIME, always=True),
    Field("timestamp", "first_timestamp", OnlyTime(), always=True),
)
