"""The table of Binding, which is never stored: a pod and its node. `uid` is the pod's, and not of v0.14."""

from __future__ import annotations

from peapod.codec.engine.scalars import TEXT
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1.meta import HEAD, IGNORED

BINDING = Table(
    "Binding",
    Field("kind", "", HEAD),
    Field("id", "", IGNORED),
    Field("uid", "uid", TEXT),
    Field("creationTimestamp", "", IGNORED, always=True),
    Field("selfLink", "", IGNORED),
    Field("resourceVersion", "", IGNORED),
    Field("apiVersion", "", HEAD),
    Field("namespace", "namespace", TEXT),
    Field("podID", "name", TEXT, always=True, required=True),
    Field("host", "node_name", TEXT, always=True, required=True),
)
