"""What a node's Ready condition says."""

from __future__ import annotations

from peapod.v1 import meta_pb2, node_pb2

READY = "Ready"


def ready_condition(node: node_pb2.Node) -> node_pb2.NodeCondition | None:
    """Find the condition; None for a node that has never reported and was not marked either."""
    return next((condition for condition in node.status.conditions if condition.type == READY), None)


def is_ready(node: node_pb2.Node) -> bool:
    """Tell whether the node's kubelet says that it is ready, and was heard lately."""
    condition = ready_condition(node)
    return condition is not None and condition.status == meta_pb2.CONDITION_STATUS_TRUE


def is_marked(node: node_pb2.Node) -> bool:
    """Tell whether the node was marked as silent, and was not heard since."""
    condition = ready_condition(node)
    return condition is not None and condition.status == meta_pb2.CONDITION_STATUS_UNKNOWN


def last_heartbeat(node: node_pb2.Node) -> int:
    """Say when the node was heard last, in nanoseconds by the apiserver's clock; 0 where it never was."""
    return max((condition.last_heartbeat_time.ToNanoseconds() for condition in node.status.conditions), default=0)
