"""What creators were promised and watchers have seen, while servers die under them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import grpc

from peapod.common import errors
from peapod.v1 import pod_pb2
from peapod.v1 import pod_service_pb2 as pb
from peapod.v1.pod_service_rpc import PodServiceClient

T = TypeVar("T")


async def create_surely(client: PodServiceClient, pod: pod_pb2.Pod) -> bool:
    """Create a pod, again and again until that is acknowledged (True) or the pod is said to be there (False)."""
    while True:
        try:
            await client.create_pod(pb.CreatePodRequest(pod=pod), timeout=10)
            return True
        except grpc.RpcError as error:
            if isinstance(errors.from_rpc(error), errors.AlreadyExists):
                return False
            await asyncio.sleep(0.01)


async def answered(call: Callable[[], Awaitable[T]]) -> T:
    """Call again and again until a server answers."""
    while True:
        try:
            return await call()
        except grpc.RpcError as error:
            if not isinstance(errors.from_rpc(error), errors.Unavailable):
                raise
            await asyncio.sleep(0.01)


class History:
    """Every change of a pod that one watcher has seen, resuming at its last revision whenever its stream breaks."""

    def __init__(self, client: PodServiceClient, revision: int) -> None:
        self.changes: list[pb.PodChange] = []
        self._client = client
        self._revision = revision

    async def follow(self, until: Callable[[pb.PodChange], bool]) -> None:
        """Watch up to the change for which `until` holds, which is the last one seen."""
        while True:
            try:
                if await self._read(until):
                    return
            except grpc.RpcError as error:
                if isinstance(errors.from_rpc(error), errors.Expired):
                    raise
                await asyncio.sleep(0.01)

    async def _read(self, until: Callable[[pb.PodChange], bool]) -> bool:
        async with self._client.watch_pods(pb.WatchPodsRequest(revision=self._revision)) as stream:
            async for batch in stream:
                for change in batch.events:
                    self.changes.append(change)
                    if until(change):
                        return True
                self._revision = batch.revision or self._revision
        return False
