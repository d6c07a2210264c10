"""The table of ResourceQuota."""

from __future__ import annotations

from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Shape, Table
from peapod.codec.v1beta1.meta import METADATA
from peapod.codec.v1beta1.resources import RESOURCES


def fields(amounts: Shape) -> tuple[Field, ...]:
    """Make the fields of its own, with amounts as a version writes them."""
    spec = Table("ResourceQuotaSpec", Field("hard", "hard", amounts))
    status = Table("ResourceQuotaStatus", Field("hard", "hard", amounts), Field("used", "used", amounts))
    return (
        Field("spec", "spec", Object(spec), always=True),
        Field("status", "status", Object(status), always=True),
    )


RESOURCE_QUOTA = Table("ResourceQuota", *METADATA, *fields(RESOURCES))
