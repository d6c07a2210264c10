"""The table of LimitRange."""

from __future__ import annotations

from peapod.codec.engine.many import Objects
from peapod.codec.engine.scalars import TEXT
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1.meta import METADATA
from peapod.codec.v1beta1.resources import RESOURCES

ITEM = Table(
    "LimitRangeItem",
    Field("type", "type", TEXT),
    Field("max", "max", RESOURCES),
    Field("min", "min", RESOURCES),
)

SPEC = Table("LimitRangeSpec", Field("limits", "limits", Objects(ITEM), always=True, required=True))

LIMIT_RANGE = Table("LimitRange", *METADATA, Field("spec", "spec", Object(SPEC), always=True))
