"""A small kubelet with one pod's worth of commands and ports, which keeps count of what is open and what flows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from peapod.common import duplex
from peapod.common.errors import NotReady
from peapod.v1 import kubelet_service_pb2 as pb
from peapod.v1.exec_pb2 import ExecOutput
from peapod.v1.kubelet_service_rpc import KubeletServiceServicer

PIECE = b"x" * 65536
ECHO, BYE, CLOSED = 7, 9, 1
"""Ports: one that echoes, one that says bye and hangs up, one where nothing listens."""
QUIET_SECONDS = 2.0
"""Who has moved nothing for so long waits for somebody else."""


class Meter:
    """Counts, and tells when the counting has come to a halt."""

    def __init__(self) -> None:
        self.count = 0
        self._moved = asyncio.Event()

    def tick(self) -> None:
        self.count += 1
        self._moved.set()

    async def halt(self) -> int:
        """Wait until nothing has moved for a while, and return the count."""
        while True:
            self._moved.clear()
            try:
                await asyncio.wait_for(self._moved.wait(), QUIET_SECONDS)
            except TimeoutError:
                return self.count


class FakeKubelet(KubeletServiceServicer):
    """Commands: `cat`, `exit N`, `hang`, `flood N` (pieces of output), `deaf` (reads only once `hear` is set)."""

    def __init__(self) -> None:
        self.targets: list[Any] = []
        self.live = 0
        self.written = Meter()
        self.hear = asyncio.Event()
        self._changed = asyncio.Event()

    async def until(self, *, live: int) -> None:
        """Wait until so many conversations are open."""
        while self.live != live:
            await self._changed.wait()

    async def stream_container_logs(
        self, request: pb.StreamContainerLogsRequest, context: Any
    ) -> AsyncGenerator[pb.StreamContainerLogsResponse, None]:
        self._open(request, 1)
        try:
            while True:
                yield pb.StreamContainerLogsResponse(data=b"a line\n")
                await asyncio.Event().wait()
        finally:
            self._open(None, -1)

    async def exec_in_container(
        self, requests: AsyncIterator[pb.ExecInContainerRequest], context: Any
    ) -> AsyncGenerator[pb.ExecInContainerResponse, None]:
        target = (await duplex.first(requests)).target
        self._open(target, 1)
        try:
            async for output in self._run(requests, *target.options.command):
                yield pb.ExecInContainerResponse(output=output)
        finally:
            self._open(None, -1)

    async def port_forward(
        self, requests: AsyncIterator[pb.PortForwardRequest], context: Any
    ) -> AsyncGenerator[pb.PortForwardResponse, None]:
        target = (await duplex.first(requests)).target
        if target.port == CLOSED:
            raise NotReady("nothing listens there")
        self._open(target, 1)
        try:
            yield pb.PortForwardResponse()
            if target.port == ECHO:
                async for request in requests:
                    yield pb.PortForwardResponse(data=request.data)
            yield pb.PortForwardResponse(data=b"bye")
        finally:
            self._open(None, -1)

    async def _run(
        self, requests: AsyncIterator[pb.ExecInContainerRequest], command: str, argument: str = "0"
    ) -> AsyncGenerator[ExecOutput, None]:
        code = 0
        if command == "cat":
            async for request in requests:
                yield ExecOutput(stdout=request.input.stdin)
        elif command == "exit":
            yield ExecOutput(stderr=b"bye")
            code = int(argument)
        elif command == "hang":
            await asyncio.Event().wait()
        elif command == "flood":
            for _ in range(int(argument)):
                yield ExecOutput(stdout=PIECE)
                self.written.tick()
        elif command == "deaf":
            await self.hear.wait()
            code = len([request async for request in requests])
        yield ExecOutput(exit_code=code)

    def _open(self, target: Any, step: int) -> None:
        if target is not None:
            self.targets.append(target)
        self.live += step
        self._changed.set()
        self._changed = asyncio.Event()
