"""The fields that field selectors may name, of each kind, and how they are read: the same wherever objects are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from peapod.common import kinds
from peapod.common.kinds import Kind

Read = Callable[[Any], str]

_EVERY = ("metadata.name",)
_NAMESPACED = ("metadata.namespace",)
_OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    kinds.POD: ("spec.node_name", "status.phase"),
    kinds.REPLICATION_CONTROLLER: ("status.replicas",),
    kinds.EVENT: (
        "involved_object.kind",
        "involved_object.namespace",
        "involved_object.name",
        "involved_object.uid",
        "involved_object.api_version",
        "involved_object.resource_version",
        "involved_object.field_path",
        "reason",
        "source.component",
    ),
    kinds.NAMESPACE: ("status.phase",),
    kinds.SECRET: ("type",),
}

_TRIGGERS: Mapping[Kind, str] = {
    kinds.POD: "spec.node_name",
    kinds.NODE: "metadata.name",
    kinds.SECRET: "metadata.name",
}


@cache
def fields_of(kind: Kind) -> Mapping[str, Read]:
    """Return the selectable fields of a kind by their proto paths, each with what reads it off an object."""
    paths = (*_EVERY, *(_NAMESPACED if kind.namespaced else ()), *_OF_KIND.get(kind, ()))
    return {path: _reader(kind.message.DESCRIPTOR, path) for path in paths}


def trigger_of(kind: Kind) -> str:
    """Name the field by which most watchers of a kind select; empty where there is none."""
    return _TRIGGERS.get(kind, "")


def _reader(message: Any, path: str) -> Read:
    *parents, last = path.split(".")
    for name in parents:
        message = message.fields_by_name[name].message_type
    write = _writer(message.fields_by_name[last])
    if len(parents) == 1:
        (parent,) = parents
        return lambda found: write(getattr(getattr(found, parent), last))
    return lambda found: write(getattr(found, last))


def _writer(field: FieldDescriptor) -> Callable[[Any], str]:
    if field.enum_type is None:
        return str
    zero = field.enum_type.values_by_number[0].name
    prefix = zero.removesuffix("UNSPECIFIED")
    names = {value.number: value.name.removeprefix(prefix).capitalize() for value in field.enum_type.values}
    names[0] = ""
    return lambda number: names.get(number, "")
