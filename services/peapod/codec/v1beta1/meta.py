"""What every object of v1beta1 carries at its top level, and what many tables share."""

from __future__ import annotations

from peapod.codec.engine.scalars import INT64, LABELS, TEXT, TIME, words
from peapod.codec.engine.shapes import Constant
from peapod.codec.engine.table import Field, Table
from peapod.v1 import meta_pb2, pod_pb2

HEAD = Constant(str)
"""A key whose place is in the table, and whose value the version fills in."""

IGNORED = Constant()

METADATA = (
    Field("kind", "", HEAD),
    Field("id", "metadata.name", TEXT),
    Field("uid", "metadata.uid", TEXT),
    Field("creationTimestamp", "metadata.creation_timestamp", TIME, always=True),
    Field("selfLink", "", HEAD),
    Field("resourceVersion", "metadata.resource_version", INT64),
    Field("apiVersion", "", HEAD),
    Field("namespace", "metadata.namespace", TEXT),
    Field("deletionTimestamp", "metadata.deletion_timestamp", TIME),
    Field("generateName", "metadata.generate_name", TEXT),
    Field("annotations", "metadata.annotations", LABELS),
    Field("labels", "metadata.labels", LABELS),
)

REFERENCE = Table(
    "ObjectReference",
    Field("kind", "kind", TEXT),
    Field("namespace", "namespace", TEXT),
    Field("name", "name", TEXT, aliases=("id",)),
    Field("uid", "uid", TEXT),
    Field("apiVersion", "api_version", TEXT),
    Field("resourceVersion", "resource_version", TEXT),
    Field("fieldPath", "field_path", TEXT),
)

CONDITION_STATUS = words(
    {
        "Full": meta_pb2.CONDITION_STATUS_TRUE,
        "None": meta_pb2.CONDITION_STATUS_FALSE,
        "Unknown": meta_pb2.CONDITION_STATUS_UNKNOWN,
    },
    also={"True": meta_pb2.CONDITION_STATUS_TRUE, "False": meta_pb2.CONDITION_STATUS_FALSE},
)

PROTOCOL = words({"TCP": pod_pb2.PROTOCOL_TCP, "UDP": pod_pb2.PROTOCOL_UDP})
