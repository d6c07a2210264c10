"""The table of ResourceQuota."""

from __future__ import annotations

from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1.meta import METADATA
from peapod.codec.v1beta1.resources import RESOURCES

SPEC = Table("ResourceQuotaSpec", Field("hard", "hard", RESOURCES))

STATUS = Table("ResourceQuotaStatus", Field("hard", "hard", RESOURCES), Field("used", "used", RESOURCES))

RESOURCE_QUOTA = Table(
    "ResourceQuota",
    *METADATA,
    Field("spec", "spec", Object(SPEC), always=True),
    Field("status", "status", Object(STATUS), always=True),
)
