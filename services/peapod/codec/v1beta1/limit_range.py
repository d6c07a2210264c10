"""The table of LimitRange."""

from __future__ import annotations

from peapod.codec.engine.many import Objects
from peapod.codec.engine.scalars import TEXT
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Shape, Table
from peapod.codec.v1beta1.meta import METADATA
from peapod.codec.v1beta1.resources import RESOURCES


def fields(amounts: Shape) -> tuple[Field, ...]:
    """Make the fields of its own, with amounts as a version writes them."""
    item = Table(
        "LimitRangeItem",
        Field("type", "type", TEXT),
        Field("max", "max", amounts),
        Field("min", "min", amounts),
    )
    spec = Table("LimitRangeSpec", Field("limits", "limits", Objects(item), always=True, required=True))
    return (Field("spec", "spec", Object(spec), always=True),)


LIMIT_RANGE = Table("LimitRange", *METADATA, *fields(RESOURCES))
