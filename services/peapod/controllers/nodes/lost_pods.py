"""What is told of the pods of a node that is lost: that nobody knows how they are.

They stay where they are. Should the node come back, its kubelet tells anew how each of them is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import grpc.aio

from peapod.common import fence
from peapod.common.errors import Conflict, NotFound, PeapodError, from_item, from_rpc
from peapod.controllers.nodes.conditions import READY
from peapod.controllers.nodes.lifecycle import REASON, Lost
from peapod.v1 import meta_pb2, pod_pb2
from peapod.v1.pod_service_pb2 import ListPodsRequest, PodStatusUpdate, UpdatePodStatusesRequest
from peapod.v1.pod_service_rpc import PodServiceClient

BATCH_MOST = 500
ANSWER_SECONDS = 10.0

_SETTLED = (pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED, pod_pb2.POD_PHASE_UNKNOWN)


def unknown(pods: Iterable[pod_pb2.Pod], lost: Lost) -> Iterator[PodStatusUpdate]:
    """Make the statuses of a lost node's pods: phase Unknown, the rest as it was told last. A pod that is over stays
    what it is, as does one whose node has told of it since.
    """
    for pod in pods:
        if pod.status.phase in _SETTLED:
            continue
        metadata = pod.metadata
        update = PodStatusUpdate(
            namespace=metadata.namespace,
            name=metadata.name,
            uid=metadata.uid,
            status=pod.status,
            resource_version=metadata.resource_version,
        )
        status = update.status
        status.phase, status.reason = pod_pb2.POD_PHASE_UNKNOWN, REASON
        status.message = f"node {lost.node.metadata.name} has not reported for {lost.silent:.0f} s"
        for condition in status.conditions:
            if condition.type == READY:
                condition.status = meta_pb2.CONDITION_STATUS_UNKNOWN
        yield update


async def mark_pods(client: PodServiceClient, lost: Lost) -> int:
    """Mark the pods of a lost node and say how many were. Raises what the apiserver says; doing it again is safe."""
    request = ListPodsRequest(field_selector=f"spec.node_name={lost.node.metadata.name}")
    try:
        listed = await client.list_pods(request, timeout=ANSWER_SECONDS)
        updates = [*unknown(listed.items, lost)]
        for start in range(0, len(updates), BATCH_MOST):
            batch = UpdatePodStatusesRequest(updates=updates[start : start + BATCH_MOST])
            response = await client.update_pod_statuses(batch, timeout=ANSWER_SECONDS)
            for result in response.results:
                problem = from_item(result)
                if problem is not None and not _is_overtaken(problem):
                    raise problem
    except grpc.aio.AioRpcError as error:
        raise from_rpc(error) from error
    return len(updates)


def _is_overtaken(problem: PeapodError) -> bool:
    """Tell whether a pod was changed or removed meanwhile, rather than that this process may not write any more."""
    return isinstance(problem, NotFound) or (isinstance(problem, Conflict) and problem.reason != fence.REASON)
