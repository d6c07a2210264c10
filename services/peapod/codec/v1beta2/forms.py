"""The kinds of v1beta2: those of v1beta1, without the older words for two names."""

from __future__ import annotations

from dataclasses import replace

from peapod.codec.engine.scalars import BOOL, TEXT
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1 import forms
from peapod.codec.v1beta1.meta import IGNORED

ENV = Table("EnvVar", Field("name", "name", TEXT, always=True, required=True), Field("value", "value", TEXT))

MOUNT = Table(
    "VolumeMount",
    Field("name", "name", TEXT, always=True, required=True),
    Field("readOnly", "read_only", BOOL),
    Field("mountPath", "mount_path", TEXT, required=True),
    Field("mountType", "", IGNORED),
)

OWN = {table.name: table for table in (ENV, MOUNT)}

FORMS = tuple(replace(form, table=form.table.revised(OWN)) for form in forms.FORMS)
