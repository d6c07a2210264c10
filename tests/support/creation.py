"""Creating many pods while servers die, and only as many at a time as a test lets go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from peapod.v1 import pod_pb2
from tests.support.apiserver import Api
from tests.support.histories import create_surely

WRITERS = 16


class Creation:
    """Creates pods in order, several at the same time. `run` it once."""

    def __init__(self, api: Api, pods: Iterable[pod_pb2.Pod]) -> None:
        self.acknowledged: set[str] = set()
        self._api = api
        self._pods = iter(pods)
        self._released = self._tried = 0
        self._going: asyncio.Queue[pod_pb2.Pod | None] = asyncio.Queue()
        self._moved = asyncio.Event()

    def let_go(self, count: int) -> int:
        """Have so many more created; return how many there were before."""
        before = self._released
        self._released += count
        for _ in range(count):
            self._going.put_nowait(next(self._pods))
        return before

    def finish(self, total: int) -> None:
        """Have all the rest created, so that there are `total`, and let `run` end then."""
        self.let_go(total - self._released)
        for _ in range(WRITERS):
            self._going.put_nowait(None)

    async def reached(self, count: int) -> None:
        """Wait until so many were taken up."""
        while self._tried < count:
            self._moved.clear()
            await self._moved.wait()

    async def run(self) -> None:
        """Create until there is nothing more to come."""
        await asyncio.gather(*(self._create() for _ in range(WRITERS)))

    async def _create(self) -> None:
        while (pod := await self._going.get()) is not None:
            self._tried += 1
            self._moved.set()
            if await create_surely(self._api.pods, pod):
                self.acknowledged.add(pod.metadata.name)
