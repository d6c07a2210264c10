"""The table of Namespace."""

from __future__ import annotations

from peapod.codec.engine.scalars import TEXTS, words
from peapod.codec.engine.shapes import Field, Object
from peapod.codec.v1beta1.meta import METADATA
from peapod.v1 import namespace_pb2

PHASE = words(
    {
        "Active": namespace_pb2.NAMESPACE_PHASE_ACTIVE,
        "Terminating": namespace_pb2.NAMESPACE_PHASE_TERMINATING,
    }
)

NAMESPACE = (
    *METADATA,
    Field("spec", "spec", Object((Field("finalizers", "finalizers", TEXTS),)), always=True),
    Field("status", "status", Object((Field("phase", "phase", PHASE),)), always=True),
)
