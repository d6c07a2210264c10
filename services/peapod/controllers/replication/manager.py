"""The replication controller's hands: makes and deletes pods, a burst at a time, and writes how many there are."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence

import grpc.aio

from peapod.common.backoff import Backoff
from peapod.common.errors import (
    AlreadyExists,
    Conflict,
    NotFound,
    PeapodError,
    TooLate,
    Unavailable,
    from_rpc,
)
from peapod.common.events import Recorder
from peapod.common.follower import Key, key_of
from peapod.common.informer import Informer
from peapod.common.reconcile import ReconcileLoop
from peapod.controllers.members import Members
from peapod.controllers.pod_state import is_over
from peapod.controllers.replication.decide import BURST, decide, made
from peapod.v1.meta_pb2 import EventType
from peapod.v1.pod_pb2 import POD_PHASE_FAILED, Pod
from peapod.v1.pod_service_pb2 import CreatePodRequest, DeletePodRequest
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod.v1.replication_controller_pb2 import ReplicationController
from peapod.v1.replication_controller_service_pb2 import UpdateReplicationControllerStatusRequest
from peapod.v1.replication_controller_service_rpc import ReplicationControllerServiceClient

ANSWER_SECONDS = 10.0
NAMES_TOLD = 3
FIRST_PAUSE, MOST_PAUSE = 1.0, 60.0
"""Seconds for which no pod is made after one has failed, doubling with each: what its node refuses, it may again."""

_NOT_TOLD = (AlreadyExists, Conflict, TooLate, Unavailable)
"""What is no fault of the template or the namespace."""


class ReplicationManager:
    """Keeps the count of every replication controller."""

    def __init__(
        self,
        controllers: Informer[ReplicationController],
        pods: Informer[Pod],
        client: ReplicationControllerServiceClient,
        pod_client: PodServiceClient,
        recorder: Recorder,
    ) -> None:
        self._controllers = controllers
        self._pods = pods
        self._client = client
        self._pod_client = pod_client
        self._recorder = recorder
        self._members = Members()
        self._doomed: defaultdict[Key, set[str]] = defaultdict(set)
        self._failures = Backoff(FIRST_PAUSE, MOST_PAUSE)
        self._hands = asyncio.Semaphore(BURST)
        self._loop: ReconcileLoop[Key] = ReconcileLoop(
            "replication controller", self, [controllers, pods], lambda: list(controllers.objects)
        )
        self.run = self._loop.run
        controllers.on_change(self._controller_changed)
        pods.on_change(self._pod_changed)

    async def reconcile(self, key: Key) -> str:
        """Take one controller a burst nearer to its count; whatever changes by that has it looked at again."""
        controller = self._controllers.objects.get(key)
        if controller is None:
            self._doomed.pop(key, None)
            return ""
        members = self._members.of(key)
        doomed = self._doomed[key] = self._doomed[key].intersection(pod.metadata.uid for pod in members.values())
        decision = decide(controller, members.values(), lambda name: (key[0], name) in self._pods.objects, doomed)
        await self._write_status(controller, decision.replicas)
        if decision.delete:
            return await self._delete(controller, decision.delete)
        if pause := self._failures.remaining(key) if decision.create else 0:
            self._loop.add_after(key, pause)
            return ""
        return await self._create(controller, decision.create)

    async def _write_status(self, controller: ReplicationController, replicas: int) -> None:
        if controller.status.replicas == replicas:
            return
        now = ReplicationController(metadata=controller.metadata)
        now.status.replicas = replicas
        request = UpdateReplicationControllerStatusRequest(replication_controller=now)
        response = await self._client.update_replication_controller_status(request, timeout=ANSWER_SECONDS)
        written = response.replication_controller.metadata.resource_version
        self._loop.wrote(key_of(controller), self._controllers, written)

    async def _create(self, controller: ReplicationController, names: Sequence[str]) -> str:
        """Make pods, at first one, then more at the same time: where one is refused, so are all others."""
        done: list[str] = []
        problems: list[PeapodError] = []
        for batch in _growing(names):
            results = await asyncio.gather(*(self._create_one(controller, name) for name in batch))
            done += [name for name, problem in zip(batch, results, strict=True) if problem is None]
            problems += filter(None, results)
            if problems:
                break
        said = self._tell(controller, "successfulCreate", "Created", done)
        for problem in problems[:1]:
            if not isinstance(problem, _NOT_TOLD):
                self._recorder.record(controller, "failedCreate", f"Error creating: {problem}")
            raise problem
        return said

    async def _create_one(self, controller: ReplicationController, name: str) -> PeapodError | None:
        request = CreatePodRequest(pod=made(controller, name))
        async with self._hands:
            try:
                response = await self._pod_client.create_pod(request, timeout=ANSWER_SECONDS)
            except grpc.aio.AioRpcError as error:
                return from_rpc(error)
        self._loop.wrote(key_of(controller), self._pods, response.pod.metadata.resource_version)
        return None

    async def _delete(self, controller: ReplicationController, pods: Sequence[Pod]) -> str:
        # Whether a call that fails has deleted its pod is not known; until that is seen, the pod is not counted on.
        self._doomed[key_of(controller)].update(pod.metadata.uid for pod in pods)
        results = await asyncio.gather(*(self._delete_one(controller, pod) for pod in pods))
        done = [pod.metadata.name for pod, problem in zip(pods, results, strict=True) if problem is None]
        said = self._tell(controller, "successfulDelete", "Deleted", done)
        for problem in filter(None, results):
            if not isinstance(problem, _NOT_TOLD):
                self._recorder.record(controller, "failedDelete", f"Error deleting: {problem}")
            raise problem
        return said

    async def _delete_one(self, controller: ReplicationController, pod: Pod) -> PeapodError | None:
        namespace, name = key_of(pod)
        request = DeletePodRequest(namespace=namespace, name=name, uid=pod.metadata.uid)
        async with self._hands:
            try:
                response = await self._pod_client.delete_pod(request, timeout=ANSWER_SECONDS)
            except grpc.aio.AioRpcError as error:
                problem = from_rpc(error)
                return None if isinstance(problem, NotFound) else problem
        self._loop.wrote(key_of(controller), self._pods, response.pod.metadata.resource_version)
        return None

    def _tell(self, controller: ReplicationController, reason: str, verb: str, names: Sequence[str]) -> str:
        """Tell people in one event, however many pods it was, and return the same for the log."""
        if not names:
            return ""
        more = len(names) - NAMES_TOLD
        listed = ", ".join(names[:NAMES_TOLD]) + (f" and {more} more" if more > 0 else "")
        said = f"{verb} pod: {names[0]}" if len(names) == 1 else f"{verb} {len(names)} pods: {listed}"
        self._recorder.record(controller, reason, said)
        return said

    def _controller_changed(
        self, _kind: EventType, old: ReplicationController | None, new: ReplicationController | None
    ) -> None:
        spec = new.spec if new is not None else ReplicationController().spec
        key = key_of(new or old or ReplicationController())
        self._members.choose(key, spec.selector)
        if old is None or old.spec != spec:
            # What its pods failed by may be what its user has changed.
            self._failures.reset(key)
            self._loop.forgive(key)
        else:
            self._loop.add(key)

    def _pod_changed(self, _kind: EventType, old: Pod | None, new: Pod | None) -> None:
        failed = old is not None and new is not None and not is_over(old) and new.status.phase == POD_PHASE_FAILED
        for key in self._members.changed(old, new):
            if failed:
                self._failures.next(key)
            self._loop.add(key)


def _growing(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut names into batches of 1, 2, 4..."""
    start, size = 0, 1
    while start < len(names):
        yield names[start : start + size]
        start, size = start + size, 2 * size
