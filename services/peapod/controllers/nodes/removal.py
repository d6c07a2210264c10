"""Deletes the pods of lost nodes, and tells of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import grpc.aio

from peapod.common.errors import Conflict, NotFound, from_rpc
from peapod.common.events import Recorder
from peapod.controllers.nodes.eviction import Doomed
from peapod.v1.meta_pb2 import ObjectReference
from peapod.v1.pod_pb2 import Pod
from peapod.v1.pod_service_pb2 import DeletePodRequest
from peapod.v1.pod_service_rpc import PodServiceClient

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0


class Removal:
    """Deletes each pod once, although the watch may show it for a while."""

    def __init__(self, client: PodServiceClient, recorder: Recorder) -> None:
        self._client = client
        self._recorder = recorder
        self._gone: set[str] = set()
        self._begun: set[tuple[str, str]] = set()

    def remaining(self, pods: Iterable[Pod]) -> list[Pod]:
        """Leave out of all pods, as the watch shows them, those that were deleted."""
        shown = {pod.metadata.uid: pod for pod in pods}
        self._gone &= shown.keys()
        return [pod for uid, pod in shown.items() if uid not in self._gone]

    def begin(self, doomed: Doomed, count: int) -> None:
        """Tell that a node's pods are deleted from now on, the first time that it is so."""
        if doomed.who in self._begun:
            return
        self._begun.add(doomed.who)
        logger.warning("%s: its %d pods are deleted", doomed.why, count)
        node = ObjectReference(kind="Node", name=doomed.name, uid=doomed.uid)
        self._recorder.record(node, "evicting", f"{doomed.why}: its pods are deleted")

    def end(self, still: Iterable[Doomed]) -> None:
        """Take in which nodes are lost now; of the others it is told again when they are."""
        self._begun &= {doomed.who for doomed in still}

    async def delete(self, doomed: Doomed, pod: Pod) -> None:
        """Delete a pod as it was seen last, and not when it has changed since: somebody may have heard of it. Raises
        what the apiserver says otherwise.
        """
        metadata = pod.metadata
        request = DeletePodRequest(
            namespace=metadata.namespace,
            name=metadata.name,
            uid=metadata.uid,
            resource_version=metadata.resource_version,
            node_name=doomed.name,
        )
        try:
            await self._client.delete_pod(request, timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as error:
            problem = from_rpc(error)
            if isinstance(problem, NotFound):
                self._gone.add(metadata.uid)
            elif problem.reason != Conflict.reason:
                raise problem from error
            return
        self._gone.add(metadata.uid)
        self._recorder.record(pod, "evicted", doomed.why)
