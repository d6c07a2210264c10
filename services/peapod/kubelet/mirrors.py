"""Shows the node's static pods in the API: each has a mirror there, which the node makes, renews and removes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import grpc.aio

from peapod.common import process
from peapod.common.backoff import Backoff
from peapod.common.errors import NotFound, PeapodError, from_rpc
from peapod.kubelet.naming import spec_hash
from peapod.kubelet.sources.source import ApiSource, Source
from peapod.kubelet.status import is_over
from peapod.rules.mirror import HASH, MIRROR
from peapod.v1 import pod_pb2
from peapod.v1.pod_service_pb2 import CreatePodRequest, DeletePodRequest
from peapod.v1.pod_service_rpc import PodServiceClient

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
CATCH_UP_SECONDS = 10.0


class Acts(NamedTuple):
    """What makes the API show the node's static pods, and nothing else."""

    delete: Sequence[pod_pb2.Pod]
    create: Sequence[pod_pb2.Pod]


def mirror_of(static: pod_pb2.Pod) -> pod_pb2.Pod:
    """Make the pod that shows a static pod."""
    mirror = pod_pb2.Pod(metadata=static.metadata, spec=static.spec)
    mirror.metadata.ClearField("uid")
    mirror.metadata.annotations[MIRROR] = static.metadata.uid
    mirror.metadata.annotations[HASH] = _hash(static)
    return mirror


def shows(mirror: pod_pb2.Pod, static: pod_pb2.Pod) -> bool:
    """Tell whether a mirror is a static pod's own, as it is now."""
    theirs, ours = mirror.metadata, static.metadata
    same = (theirs.namespace, theirs.name) == (ours.namespace, ours.name)
    return same and theirs.annotations.get(MIRROR) == ours.uid and theirs.annotations.get(HASH) == _hash(static)


def decide(statics: Mapping[str, pod_pb2.Pod], mirrors: Iterable[pod_pb2.Pod], *, complete: bool) -> Acts:
    """Compare static pods by uid with the mirrors that there are; a mirror of an unknown pod goes when the static pods
    are `complete`.
    """
    shown: set[str] = set()
    stale: list[pod_pb2.Pod] = []
    for mirror in mirrors:
        static = statics.get(mirror.metadata.annotations[MIRROR])
        if static is not None and shows(mirror, static):
            shown.add(static.metadata.uid)
        elif static is not None or complete:
            stale.append(mirror)
    return Acts(stale, [mirror_of(static) for uid, static in statics.items() if uid not in shown])


def _hash(static: pod_pb2.Pod) -> str:
    return spec_hash(pod_pb2.Pod(metadata=static.metadata, spec=static.spec))


@dataclass(frozen=True)
class _Dressed:
    static: pod_pb2.Pod
    mirror: pod_pb2.Pod | None
    pod: pod_pb2.Pod


class Mirrors:
    """Keeps the mirrors, and knows which pod each of them shows."""

    def __init__(self, client: PodServiceClient, node_name: str, api: ApiSource, sources: Sequence[Source]) -> None:
        self._client = client
        self._node_name = node_name
        self._api = api
        self._sources = sources
        self._wake = asyncio.Event()
        self._mirrors: dict[str, list[pod_pb2.Pod]] = {}
        self._dressed: dict[str, _Dressed] = {}
        self._backoff = Backoff(0.2, 30)
        self._revision = 0
        self._said: dict[str, str] = {}
        api.on_change(self._look)
        for source in sources:
            source.on_change(self._wake.set)

    def of(self, static: pod_pb2.Pod) -> pod_pb2.Pod | None:
        """The mirror that shows a static pod as it is now, as the API had it when last heard of."""
        found = (mirror for mirror in self._mirrors.get(static.metadata.uid, ()) if shows(mirror, static))
        return next(found, None)

    def static_uid(self, uid: str) -> str:
        """The uid of the pod that a mirror shows; of any other pod its own."""
        found = (static for static, mirrors in self._mirrors.items() if uid in {one.metadata.uid for one in mirrors})
        return next(found, uid)

    def shown_as(self, pod: pod_pb2.Pod) -> pod_pb2.Pod | None:
        """The pod that the API has in the place of this one: of a static pod its mirror, None while it has none."""
        return self.of(pod) if pod.metadata.uid in self._dressed else pod

    def shown_uid(self, uid: str) -> str:
        """The same for uids; empty while there is none."""
        dressed = self._dressed.get(uid)
        if dressed is None:
            return uid
        mirror = self.of(dressed.static)
        return mirror.metadata.uid if mirror else ""

    def with_status(self, static: pod_pb2.Pod) -> pod_pb2.Pod:
        """Add to a static pod what was told of it last; the same object as long as nothing has changed."""
        mirror, before = self.of(static), self._dressed.get(static.metadata.uid)
        if before is not None and before.static is static and before.mirror is mirror:
            return before.pod
        dressed = pod_pb2.Pod(metadata=static.metadata, spec=static.spec)
        if mirror is not None and _was_lived(mirror.status):
            dressed.status.CopyFrom(mirror.status)
        elif before is not None and before.static is static:
            dressed.status.CopyFrom(before.pod.status)
        self._dressed[static.metadata.uid] = _Dressed(static, mirror, dressed)
        return dressed

    async def run(self) -> None:
        """Follow until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            pause = await self._round()
            timer = loop.call_later(pause, self._wake.set) if pause else None
            await self._wake.wait()
            if timer is not None:
                timer.cancel()

    def _look(self) -> None:
        """Sort the mirrors that there are by the pods that they show."""
        self._mirrors = {}
        for mirror in self._api.mirrors():
            self._mirrors.setdefault(mirror.metadata.annotations[MIRROR], []).append(mirror)
        self._wake.set()

    async def _round(self) -> float:
        """Do what there is to do; tell in how many seconds to try again what has failed, 0 when nothing has."""
        if self._api.pods() is None:
            return 0.0
        statics, complete = self._statics()
        self._dressed = {uid: one for uid, one in self._dressed.items() if uid in statics}
        acts = decide(statics, self._api.mirrors(), complete=complete)
        pauses = [await self._attend(self._delete, pod) for pod in acts.delete]
        pauses += [await self._attend(self._create, pod) for pod in acts.create]
        await self._catch_up()
        return min(filter(None, pauses), default=0.0)

    def _statics(self) -> tuple[dict[str, pod_pb2.Pod], bool]:
        found = {uid: pod for source in self._sources for uid, pod in (source.pods() or {}).items()}
        return found, all(source.complete for source in self._sources)

    async def _attend(self, act: Callable[[pod_pb2.Pod], Awaitable[int]], pod: pod_pb2.Pod) -> float:
        """Do one act, unless it has failed and waits; tell for how long it waits. A failure is said once."""
        name = pod.metadata.name
        if pause := self._backoff.remaining(name):
            return pause
        try:
            self._revision = max(self._revision, await act(pod))
        except PeapodError as error:
            trouble = f"{error.code.name}: {error.message}"
            if self._said.get(name) != trouble:
                logger.warning("static pod %s is not shown as it is, trying again: %s", name, trouble)
            self._said[name] = trouble
            return self._backoff.next(name)
        self._said.pop(name, None)
        self._backoff.reset(name)
        return 0.0

    async def _create(self, mirror: pod_pb2.Pod) -> int:
        request = CreatePodRequest(pod=mirror)
        try:
            made = (await self._client.create_pod(request, timeout=ANSWER_SECONDS)).pod
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from error
        logger.info("static pod %s is shown in the API", mirror.metadata.name)
        return made.metadata.resource_version

    async def _delete(self, mirror: pod_pb2.Pod) -> int:
        metadata = mirror.metadata
        request = DeletePodRequest(
            namespace=metadata.namespace, name=metadata.name, uid=metadata.uid, node_name=self._node_name
        )
        try:
            gone = (await self._client.delete_pod(request, timeout=ANSWER_SECONDS)).pod
        except grpc.aio.AioRpcError as error:
            problem = from_rpc(error)
            if isinstance(problem, NotFound):
                return 0
            raise problem from error
        logger.info("mirror %s is removed: no static pod is as it shows", metadata.name)
        return gone.metadata.resource_version

    async def _catch_up(self) -> None:
        """Wait until the API's own word of what was done is here, so that nothing is done twice."""
        reached = asyncio.create_task(self._api.reached(self._revision))
        await asyncio.wait({reached}, timeout=CATCH_UP_SECONDS)
        await process.end(reached)
        self._revision = 0


def _was_lived(status: pod_pb2.PodStatus) -> bool:
    """Tell whether a status is of use: one of a pod that was only refused is not, as a node may think again."""
    ran = any(one.container_id for one in status.container_statuses)
    return status.HasField("start_time") and (ran or not is_over(status))
