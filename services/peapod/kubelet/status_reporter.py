"""Brings the pods' statuses to the apiserver: in batches, the latest only, and again after every loss."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import grpc.aio

from peapod.common.backoff import Backoff
from peapod.common.errors import Invalid, NotFound, NotReady, PeapodError, from_item, from_rpc
from peapod.v1 import meta_pb2, pod_pb2
from peapod.v1.pod_service_pb2 import PodStatusUpdate, UpdatePodStatusesRequest
from peapod.v1.pod_service_rpc import PodServiceClient

logger = logging.getLogger(__name__)

COALESCE_SECONDS = 0.015
"""How long a status waits for others to share its call, and for its own successors to replace it."""
BATCH_MOST = 500
ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Stored:
    status: pod_pb2.PodStatus
    resource_version: int


class StatusReporter:
    """Sends what changed. What waits is kept by pod, so that an apiserver that was away gets one status of each.

    `shown_as` finds the pod that the API has in the place of one, None while it has none.
    """

    def __init__(self, client: PodServiceClient, shown_as: Callable[[pod_pb2.Pod], pod_pb2.Pod | None]) -> None:
        self._client = client
        self._shown_as = shown_as
        self._shown_uids: dict[str, str] = {}
        self._waiting: dict[str, PodStatusUpdate] = {}
        self._stored: dict[str, _Stored | None] = {}
        self._filled = asyncio.Event()
        self._trouble = ""

    def report(self, pod: pod_pb2.Pod, status: pod_pb2.PodStatus) -> None:
        """Have a pod's status sent, unless the apiserver has it: in `pod`, or in a write that `pod` is older than."""
        shown = self._shown_as(pod)
        if shown is None:
            return
        uid, metadata = shown.metadata.uid, shown.metadata
        if self._shown_uids.setdefault(pod.metadata.uid, uid) != uid:
            self.forget(pod.metadata.uid)
            self._shown_uids[pod.metadata.uid] = uid
        self._stored.setdefault(uid, None)
        if self._is_stored(shown, status):
            self._waiting.pop(uid, None)
            return
        self._waiting[uid] = PodStatusUpdate(namespace=metadata.namespace, name=metadata.name, uid=uid, status=status)
        self._filled.set()

    def forget(self, uid: str) -> None:
        """Send nothing more of a pod that is gone."""
        uid = self._shown_uids.pop(uid, uid)
        self._waiting.pop(uid, None)
        self._stored.pop(uid, None)

    async def run(self) -> None:
        """Send until cancelled."""
        backoff = Backoff(0.1, 5, reset_after=10)
        while True:
            await self._filled.wait()
            await asyncio.sleep(COALESCE_SECONDS)
            batch = self._take()
            problem = await self._send(batch) if batch else None
            self._tell(problem)
            if problem is None:
                backoff.reset()
            else:
                await asyncio.sleep(backoff.next())

    def _is_stored(self, pod: pod_pb2.Pod, status: pod_pb2.PodStatus) -> bool:
        stored = self._stored.get(pod.metadata.uid)
        if stored is not None and stored.resource_version > pod.metadata.resource_version:
            return stored.status == status
        return pod.status == status

    def _take(self) -> dict[str, PodStatusUpdate]:
        uids = list(self._waiting)[:BATCH_MOST]
        batch = {uid: self._waiting.pop(uid) for uid in uids}
        if not self._waiting:
            self._filled.clear()
        return batch

    def _put_back(self, batch: dict[str, PodStatusUpdate]) -> None:
        """Let the batch wait again, but for those that were replaced meanwhile."""
        self._waiting = batch | self._waiting
        if self._waiting:
            self._filled.set()

    async def _send(self, batch: dict[str, PodStatusUpdate]) -> PeapodError | None:
        """Send a batch, put back what is to be tried again, and return why."""
        try:
            request = UpdatePodStatusesRequest(updates=batch.values())
            response = await self._client.update_pod_statuses(request, timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as error:
            self._put_back(batch)
            return from_rpc(error)
        problems = {}
        for update, result in zip(batch.values(), response.results, strict=True):
            problem = self._settle(update, result)
            if problem is not None:
                problems[update.uid] = problem
        self._put_back({uid: batch[uid] for uid in problems})
        return next(iter(problems.values()), None)

    def _settle(self, update: PodStatusUpdate, result: meta_pb2.ItemResult) -> PeapodError | None:
        """Take note of what became of one status; return the problem if it is to be tried again."""
        problem = from_item(result)
        if problem is None:
            if update.uid in self._stored:
                self._stored[update.uid] = _Stored(update.status, result.resource_version)
        elif isinstance(problem, (Invalid, NotReady)):
            logger.error(
                "the status of %s/%s (%s) was refused: %s", update.namespace, update.name, update.uid, problem.message
            )
        elif not isinstance(problem, NotFound):
            return problem
        return None

    def _tell(self, problem: PeapodError | None) -> None:
        trouble = f"{problem.code.name}: {problem.message}" if problem else ""
        if problem and trouble != self._trouble:
            logger.warning("cannot report %d statuses (%s), trying again", len(self._waiting), trouble)
        if not problem and self._trouble:
            logger.info("statuses are reported again")
        self._trouble = trouble
