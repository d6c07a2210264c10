"""What controllers ask of a pod's state."""

from __future__ import annotations

from peapod.v1 import meta_pb2, pod_pb2

READY = "Ready"

_OVER = (pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED)


def is_over(pod: pod_pb2.Pod) -> bool:
    """Tell whether a pod will never run again."""
    return pod.status.phase in _OVER


def is_ready(pod: pod_pb2.Pod) -> bool:
    """Tell whether a pod takes work, as far as is known."""
    return any(
        condition.type == READY and condition.status == meta_pb2.CONDITION_STATUS_TRUE
        for condition in pod.status.conditions
    )
