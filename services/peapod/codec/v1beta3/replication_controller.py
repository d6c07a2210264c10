"""The table of ReplicationController."""

from __future__ import annotations

from peapod.codec.engine.scalars import INT32, LABELS
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta3.meta import METADATA, TEMPLATE_META
from peapod.codec.v1beta3.pod import POD_SPEC

TEMPLATE = Table(
    "PodTemplateSpec",
    Field("metadata", "metadata", Object(TEMPLATE_META), always=True, required=True),
    Field("spec", "spec", Object(POD_SPEC), always=True, required=True),
)

SPEC = Table(
    "ReplicationControllerSpec",
    Field("replicas", "replicas", INT32, always=True),
    Field("selector", "selector", LABELS, required=True),
    Field("template", "template", Object(TEMPLATE), required=True),
)

STATUS = Table("ReplicationControllerStatus", Field("replicas", "replicas", INT32, always=True))

REPLICATION_CONTROLLER = Table(
    "ReplicationController",
    *METADATA,
    Field("spec", "spec", Object(SPEC), always=True, required=True),
    Field("status", "status", Object(STATUS), always=True),
)
