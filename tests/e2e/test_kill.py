"""kill -9 of any process at any moment, while pods are created: nothing is lost, doubled, moved or restarted."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import grpc
import pytest

from peapod.common import process
from peapod.v1 import meta_pb2, pod_pb2
from peapod.v1 import node_service_pb2 as nodes
from peapod.v1 import pod_service_pb2 as pb
from tests.support import images
from tests.support.apiserver import Api, connected
from tests.support.etcd import EtcdServer, running_etcd
from tests.support.following import Following, following
from tests.support.histories import History, create_through
from tests.support.objects import make_node, make_pod
from tests.support.processes import Processes, running_processes
from tests.support.tally import Tally

pytestmark = pytest.mark.timeout(180)

PODS = 1000
REAL_EVERY = 100
"""Of how many pods one runs for real; the others are bound to nodes that only say that they are there."""
WRITERS = 16
ROUNDS = 2
"""How often each process is killed."""
SIMULATED = {"node": "simulated"}
RUNNING = pod_pb2.POD_PHASE_RUNNING


class Victim(Protocol):
    """Something that can be killed and started again."""

    async def kill(self) -> None: ...

    async def start(self) -> None: ...


@dataclass(frozen=True)
class Etcd:
    """The etcd server as a victim."""

    server: EtcdServer

    async def kill(self) -> None:
        await asyncio.to_thread(self.server.kill)

    async def start(self) -> None:
        await asyncio.to_thread(self.server.restart)


@dataclass
class Creation:
    """Creates pods from many tasks, as far as they are let go."""

    api: Api
    pods: Iterator[pod_pb2.Pod]
    acknowledged: set[str] = field(default_factory=set)
    tried: int = 0
    _going: asyncio.Queue[pod_pb2.Pod | None] = field(default_factory=asyncio.Queue)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def let_go(self, count: int) -> None:
        for _ in range(count):
            self._going.put_nowait(next(self.pods))

    async def reach(self, count: int) -> None:
        """Wait until so many were taken up."""
        while self.tried < count:
            self._moved.clear()
            await self._moved.wait()

    async def run(self) -> None:
        """Create until `finish`."""
        written = await asyncio.gather(*(create_through(self.api.pods, self._take()) for _ in range(WRITERS)))
        self.acknowledged.update(*written)

    def finish(self) -> None:
        for _ in range(WRITERS):
            self._going.put_nowait(None)

    async def _take(self) -> AsyncIterator[pod_pb2.Pod]:
        while (pod := await self._going.get()) is not None:
            self.tried += 1
            self._moved.set()
            yield pod


@pytest.fixture
def tally(request: pytest.FixtureRequest, tmp_path: Path) -> Tally:
    directory = tmp_path / "tally"
    directory.mkdir(mode=0o777)
    return Tally(directory, request.param)
