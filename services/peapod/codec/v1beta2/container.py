"""What a container has otherwise than in v1beta1: one name each, where that has an older one too."""

from __future__ import annotations

from peapod.codec.engine.scalars import BOOL, TEXT
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1.meta import IGNORED

ENV = Table("EnvVar", Field("name", "name", TEXT, always=True, required=True), Field("value", "value", TEXT))

MOUNT = Table(
    "VolumeMount",
    Field("name", "name", TEXT, always=True, required=True),
    Field("readOnly", "read_only", BOOL),
    Field("mountPath", "mount_path", TEXT, always=True, required=True),
    Field("mountType", "", IGNORED),
)
