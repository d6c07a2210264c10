"""The table of ReplicationController.

Of the metadata of its template only labels and annotations mean something, and v0.14 has no other; what else was
stored is written too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from peapod.codec.engine.scalars import INT32, LABELS
from peapod.codec.engine.shapes import Constant, Object
from peapod.codec.engine.table import Field, Schema, Table
from peapod.codec.v1beta1.meta import METADATA
from peapod.codec.v1beta1.pod import DESIRED_STATE, empty_manifest

_LABELS = ("labels", "annotations")

TEMPLATE = Table(
    "PodTemplate",
    Field("desiredState", "", Object(DESIRED_STATE), always=True, required=True),
    Field("nodeSelector", "spec.node_selector", LABELS),
    Field("labels", "metadata.labels", LABELS, required=True),
    Field("annotations", "metadata.annotations", LABELS),
    *(replace(field, always=False) for field in METADATA if field.proto and field.name not in _LABELS),
)

DESIRED = Table(
    "ReplicationControllerDesiredState",
    Field("replicas", "spec.replicas", INT32, always=True),
    Field("replicaSelector", "spec.selector", LABELS, required=True),
    Field("podTemplate", "spec.template", Object(TEMPLATE), always=True, required=True),
)


def _empty_template() -> dict[str, Any]:
    return {"desiredState": {"manifest": empty_manifest()}}


CURRENT = Table(
    "ReplicationControllerCurrentState",
    Field("replicas", "status.replicas", INT32, always=True),
    Field("podTemplate", "", Constant(_empty_template, written=Schema("object", table=TEMPLATE))),
)

REPLICATION_CONTROLLER = Table(
    "ReplicationController",
    *METADATA,
    Field("desiredState", "", Object(DESIRED), always=True, required=True),
    Field("currentState", "", Object(CURRENT), always=True),
)
