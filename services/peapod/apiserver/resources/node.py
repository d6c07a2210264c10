"""Nodes: written by their kubelets and by operators."""

from __future__ import annotations

from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds, quantity
from peapod.common.errors import Violation
from peapod.v1 import node_pb2


def set_defaults(node: node_pb2.Node) -> None:
    """Name the node to the outside as it is named here."""
    node.spec.external_id = node.spec.external_id or node.metadata.name


def keep(new: node_pb2.Node, old: node_pb2.Node) -> None:
    """Leave the status to the kubelet."""
    new.status.CopyFrom(old.status)


def validate(node: node_pb2.Node) -> list[Violation]:
    """Find amounts that cannot be read: the scheduler counts with them."""
    wrong = []
    for field in ("capacity", "allocatable"):
        for name, text in getattr(node.status, field).items():
            try:
                quantity.parse(text)
            except ValueError as problem:
                wrong.append(Violation(f"status.{field}[{name}]", str(problem)))
    return wrong


def validate_update(new: node_pb2.Node, old: node_pb2.Node) -> list[Violation]:
    """Freeze what identifies the machine."""
    if new.spec.external_id != old.spec.external_id:
        return [Violation("spec.external_id", "is immutable")]
    return []


STRATEGY = Strategy(
    of=kinds.NODE,
    message=node_pb2.Node,
    set_defaults=set_defaults,
    keep=keep,
    validate=validate,
    validate_update=validate_update,
)
