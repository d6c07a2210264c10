"""The table of Namespace."""

from __future__ import annotations

from peapod.codec.engine.scalars import TEXTS, words
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1.meta import METADATA
from peapod.v1 import namespace_pb2

PHASE = words(
    {
        "Active": namespace_pb2.NAMESPACE_PHASE_ACTIVE,
        "Terminating": namespace_pb2.NAMESPACE_PHASE_TERMINATING,
    }
)

SPEC = Table("NamespaceSpec", Field("finalizers", "finalizers", TEXTS))

STATUS = Table("NamespaceStatus", Field("phase", "phase", PHASE))

OWN = (
    Field("spec", "spec", Object(SPEC), always=True),
    Field("status", "status", Object(STATUS), always=True),
)

NAMESPACE = Table("Namespace", *METADATA, *OWN)
