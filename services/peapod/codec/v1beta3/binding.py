"""The table of Binding, which is never stored: a pod in its metadata, and the node as its target."""

from __future__ import annotations

from typing import Any

from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report, Unsupported
from peapod.codec.engine.scalars import TEXT
from peapod.codec.engine.shapes import Constant, Object, text
from peapod.codec.engine.table import Field, Reader, Table
from peapod.codec.v1beta1.meta import IGNORED
from peapod.codec.v1beta3.meta import HEADS

KINDS = ("Node", "Minion")


class TargetKind(Constant):
    """What a pod is bound to: always a node."""

    def reader(self, place: Place) -> Reader:
        """Take each name that nodes have."""
        return _read_target_kind


def _read_target_kind(value: Any, _: Any, __: Report) -> None:
    if text(value) not in ("", *KINDS):
        raise Unsupported(f'must be one of {", ".join(KINDS)}; "{value}" is not')


def _node() -> str:
    return KINDS[0]


META = Table(
    "BindingMeta",
    Field("name", "name", TEXT, required=True),
    Field("namespace", "namespace", TEXT),
    Field("selfLink", "", IGNORED),
    Field("uid", "uid", TEXT),
    Field("resourceVersion", "", IGNORED),
    Field("creationTimestamp", "", IGNORED, always=True),
)

TARGET = Table(
    "BindingTarget",
    Field("kind", "", TargetKind(_node)),
    Field("namespace", "", IGNORED),
    Field("name", "node_name", TEXT, required=True),
    Field("uid", "", IGNORED),
    Field("apiVersion", "", IGNORED),
    Field("resourceVersion", "", IGNORED),
    Field("fieldPath", "", IGNORED),
)

BINDING = Table(
    "Binding",
    *HEADS,
    Field("metadata", "", Object(META), always=True, required=True),
    Field("target", "", Object(TARGET), always=True, required=True),
)
