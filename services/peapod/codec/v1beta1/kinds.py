"""The kinds of v1beta1, and which of them Peapod serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from peapod.codec.v1beta1.event import EVENT
from peapod.codec.v1beta1.minion import MINION
from peapod.codec.v1beta1.namespace import NAMESPACE
from peapod.codec.v1beta1.pod import POD
from peapod.codec.v1beta1.secret import SECRET
from peapod.codec.v1beta1.shapes import Field
from peapod.v1 import event_pb2, namespace_pb2, node_pb2, pod_pb2, secret_pb2


@dataclass(frozen=True)
class Kind:
    """One kind of object: its name in v1beta1, its message, its table, its segment in URLs."""

    name: str
    message: type[Message]
    table: Sequence[Field]
    resource: str
    namespaced: bool = True


POD_KIND = Kind("Pod", pod_pb2.Pod, POD, "pods")
MINION_KIND = Kind("Minion", node_pb2.Node, MINION, "minions", namespaced=False)
EVENT_KIND = Kind("Event", event_pb2.Event, EVENT, "events")
NAMESPACE_KIND = Kind("Namespace", namespace_pb2.Namespace, NAMESPACE, "namespaces", namespaced=False)
SECRET_KIND = Kind("Secret", secret_pb2.Secret, SECRET, "secrets")

KINDS = {kind.name: kind for kind in (POD_KIND, MINION_KIND, EVENT_KIND, NAMESPACE_KIND, SECRET_KIND)}
"""What can be read and written, by name."""

SYNONYMS = {"Node": "Minion", "NodeList": "MinionList"}
"""Names that are read, to names that are written."""

NOT_YET = frozenset(
    {
        "ReplicationController",
        "Service",
        "Endpoints",
        "Binding",
        "LimitRange",
        "ResourceQuota",
    }
)
"""Kinds of v1beta1 that Peapod does not serve yet."""

_BY_MESSAGE = {kind.message.DESCRIPTOR.full_name: kind for kind in KINDS.values()}


def kind_of_message(message: Message | type[Message]) -> Kind:
    """Find the kind that a message is an object of; raise KeyError when v1beta1 has none."""
    return _BY_MESSAGE[message.DESCRIPTOR.full_name]
