"""The tables of the kinds that v1beta1 has almost as they are here: their own fields, and another `metadata`."""

from __future__ import annotations

from peapod.codec.engine.scalars import INT32, TEXT, TIME
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1 import limit_range, namespace, resource_quota, secret
from peapod.codec.v1beta3.meta import METADATA, REFERENCE
from peapod.codec.v1beta3.resources import QUANTITIES

EVENT_SOURCE = Table("EventSource", Field("component", "component", TEXT), Field("host", "host", TEXT))

EVENT = Table(
    "Event",
    *METADATA,
    Field("involvedObject", "involved_object", Object(REFERENCE), always=True, required=True),
    Field("reason", "reason", TEXT),
    Field("message", "message", TEXT),
    Field("source", "source", Object(EVENT_SOURCE), always=True),
    Field("firstTimestamp", "first_timestamp", TIME, always=True),
    Field("lastTimestamp", "last_timestamp", TIME, always=True),
    Field("count", "count", INT32),
)

NAMESPACE = Table("Namespace", *METADATA, *namespace.OWN)

SECRET = Table("Secret", *METADATA, *secret.OWN)

LIMIT_RANGE = Table("LimitRange", *METADATA, *limit_range.fields(QUANTITIES))

RESOURCE_QUOTA = Table("ResourceQuota", *METADATA, *resource_quota.fields(QUANTITIES))
