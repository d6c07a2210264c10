"""The table of Endpoints."""

from __future__ import annotations

from peapod.codec.engine.many import Objects
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1.endpoints import SUBSET
from peapod.codec.v1beta3.meta import METADATA, REFERENCE

ENDPOINTS = Table(
    "Endpoints",
    *METADATA,
    Field("subsets", "subsets", Objects(SUBSET.revised({REFERENCE.name: REFERENCE})), always=True),
)
