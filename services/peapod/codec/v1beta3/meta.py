"""The `metadata` of v1beta3, and what many of its tables share."""

from __future__ import annotations

import re
from dataclasses import replace

from peapod.codec.engine.scalars import LABELS, TEXT, TIME, whole, words
from peapod.codec.engine.shapes import Constant, Object, Scalar, text
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1 import meta as v1beta1
from peapod.codec.v1beta1.meta import HEAD
from peapod.v1 import meta_pb2

_REVISION = re.compile(r"-?[0-9]{1,19}")


def _take_revision(value: object) -> int:
    digits = text(value)
    if digits and not _REVISION.fullmatch(digits):
        raise ValueError('must be digits such as "7"')
    return whole(64)(int(digits or 0))


REVISION = Scalar(_take_revision, str)
"""A revision as text, so that nobody counts with it."""

_META = (
    Field("name", "name", TEXT),
    Field("generateName", "generate_name", TEXT),
    Field("namespace", "namespace", TEXT),
    Field("selfLink", "", Constant()),
    Field("uid", "uid", TEXT),
    Field("resourceVersion", "resource_version", REVISION),
    Field("creationTimestamp", "creation_timestamp", TIME, always=True),
    Field("deletionTimestamp", "deletion_timestamp", TIME),
    Field("labels", "labels", LABELS),
    Field("annotations", "annotations", LABELS),
)

TEMPLATE_META = Table("PodTemplateMeta", *_META)
"""Of what is made from it there is no link."""

OBJECT_META = Table(
    "ObjectMeta", *(Field("selfLink", "", HEAD) if field.name == "selfLink" else field for field in _META)
)

HEADS = (Field("kind", "", HEAD), Field("apiVersion", "", HEAD))

METADATA = (*HEADS, Field("metadata", "metadata", Object(OBJECT_META), always=True))

REFERENCE = Table("ObjectReference", *(replace(field, aliases=()) for field in v1beta1.REFERENCE))

CONDITION_STATUS = words(
    {
        "True": meta_pb2.CONDITION_STATUS_TRUE,
        "False": meta_pb2.CONDITION_STATUS_FALSE,
        "Unknown": meta_pb2.CONDITION_STATUS_UNKNOWN,
    }
)
