"""What a node's heartbeat changes: everything it says at once, its mere time only now and then."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from peapod.v1 import node_pb2

STORE_SECONDS = 10
"""How old a stored heartbeat may get while nothing else changes."""


def take(node: node_pb2.Node, report: node_pb2.Node, now: Timestamp) -> bool:
    """Replace a node's status by its report, in place; return whether that is worth storing."""
    news = _without_times(report.status) != _without_times(node.status)
    # A clock that jumped back must not silence the node until it has caught up.
    if not news and abs(now.seconds - _last_heartbeat(node.status)) < STORE_SECONDS:
        return False
    date(report.status, node.status, now)
    node.status.CopyFrom(report.status)
    return True


def date(status: node_pb2.NodeStatus, before: node_pb2.NodeStatus, now: Timestamp) -> None:
    """Set the conditions' times by the server's clock, in place."""
    earlier = {condition.type: condition for condition in before.conditions}
    for condition in status.conditions:
        condition.last_heartbeat_time.CopyFrom(now)
        known = earlier.get(condition.type)
        same = known is not None and known.status == condition.status
        condition.last_transition_time.CopyFrom(known.last_transition_time if known and same else now)


def _last_heartbeat(status: node_pb2.NodeStatus) -> int:
    return max((condition.last_heartbeat_time.seconds for condition in status.conditions), default=0)


def _without_times(status: node_pb2.NodeStatus) -> node_pb2.NodeStatus:
    bare = node_pb2.NodeStatus()
    bare.CopyFrom(status)
    for condition in bare.conditions:
        condition.ClearField("last_heartbeat_time")
        condition.ClearField("last_transition_time")
    return bare
