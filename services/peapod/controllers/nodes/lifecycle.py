"""When a node counts as lost: the decision, and the memory that it needs.

A heartbeat's time stamp is somebody else's clock, so it is only compared with the one before: a node is silent since
*we* saw its status change last, by our own clock. Nobody is silent while we could not hear, see `looked`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from google.protobuf.timestamp_pb2 import Timestamp

from peapod.controllers.nodes.conditions import READY, is_marked, ready_condition
from peapod.controllers.nodes.sight import Look, Sight
from peapod.v1 import meta_pb2, node_pb2

REASON = "NodeStatusUnknown"


@dataclass(frozen=True, slots=True)
class Lost:
    """A node that has been silent for too long, and for how many seconds."""

    node: node_pb2.Node
    silent: float


@dataclass(slots=True)
class Sightings:
    """Since when each node is silent. All times are seconds of one clock that never goes back."""

    _sight: Sight
    _since: dict[str, float] = field(default_factory=dict)
    _statuses: dict[str, node_pb2.NodeStatus] = field(default_factory=dict)

    def see(self, node: node_pb2.Node, now: float) -> None:
        """Take in a node as the watch shows it; a status that has changed is a sign of life, unless by our mark."""
        name = node.metadata.name
        if not is_marked(node) and self._statuses.get(name) != node.status:
            self._statuses[name] = node.status
            self._since[name] = now

    def forget(self, name: str) -> None:
        """Take in that a node is gone."""
        self._statuses.pop(name, None)
        self._since.pop(name, None)

    def looked(self, now: float) -> bool:
        """Take in that the store answers now. At first, and after a time of blindness, which is told, every silence
        starts anew.
        """
        look = self._sight.looked(now)
        if look is not Look.NEXT:
            self._since = dict.fromkeys(self._since, now)
        return look is Look.AFTER_BLINDNESS

    def silent(self, name: str, now: float) -> float:
        """For how many seconds a node was not heard; 0 for one that was never seen."""
        return now - self._since.get(name, now)


def decide(nodes: Iterable[node_pb2.Node], sightings: Sightings, now: float, grace: float) -> list[Lost]:
    """Choose the nodes that are silent for more than `grace` seconds and are not marked yet."""
    silences = ((node, sightings.silent(node.metadata.name, now)) for node in nodes)
    return [Lost(node, silent) for node, silent in silences if silent > grace and not is_marked(node)]


def mark(lost: Lost, now: Timestamp) -> node_pb2.Node:
    """Make what is written: the node with Ready unknown, since `now` by the clock on the wall."""
    node = node_pb2.Node(status=lost.node.status)
    node.metadata.name = lost.node.metadata.name
    node.metadata.resource_version = lost.node.metadata.resource_version
    condition = ready_condition(node) or node.status.conditions.add(type=READY)
    condition.status = meta_pb2.CONDITION_STATUS_UNKNOWN
    condition.last_transition_time.CopyFrom(now)
    condition.reason = REASON
    condition.message = f"the node has not reported for {lost.silent:.0f} s"
    return node
