"""Tells the apiserver, again and again, that the node is there and how it is."""

from __future__ import annotations

import asyncio
import logging
import time

import grpc.aio

from peapod.common.backoff import Backoff
from peapod.common.errors import PeapodError, from_rpc
from peapod.kubelet.node import report as node
from peapod.kubelet.observer import Observer
from peapod.kubelet.runtime.runtime import Runtime, RuntimeUnavailable
from peapod.kubelet.sources.source import ApiSource
from peapod.v1.node_service_pb2 import HeartbeatNodeRequest
from peapod.v1.node_service_rpc import NodeServiceClient

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
FIRST_LOOK_SECONDS = 1.0
"""How long the first report waits until the node is ready, so that it does not begin as not ready for no reason."""


class Heartbeat:
    """Reports the node every `seconds`, and at once when its runtime comes or goes, or its source's doubt does. The
    first report registers it.
    """

    def __init__(
        self,
        client: NodeServiceClient,
        who: node.Identity,
        runtime: Runtime,
        observer: Observer,
        source: ApiSource,
        seconds: float,
    ) -> None:
        self._client = client
        self._who = who
        self._runtime = runtime
        self._observer = observer
        self._source = source
        self._seconds = seconds
        self._due = asyncio.Event()
        self._version = ""
        self._trouble: str | None = None
        observer.on_availability(self._runtime_changed)
        source.on_doubt(self._due.set)

    async def run(self) -> None:
        """Report until cancelled, whether the apiserver answers or not."""
        backoff = Backoff(0.1, self._seconds, reset_after=2 * self._seconds)
        await self._look()
        while True:
            self._due.clear()
            try:
                await self._report()
                pause = self._seconds
                backoff.reset()
            except grpc.aio.AioRpcError as error:
                self._failed(from_rpc(error))
                pause = backoff.next()
            await self._pause(pause)

    async def _look(self) -> None:
        """Give the runtime and the source a moment to show how they are."""
        end = time.monotonic() + FIRST_LOOK_SECONDS
        while self._condition() != node.READY and (left := end - time.monotonic()) > 0:
            self._due.clear()
            await self._pause(left)

    async def _report(self) -> None:
        report = node.report(self._who, await self._runtime_version(), self._condition())
        await self._client.heartbeat_node(HeartbeatNodeRequest(node=report), timeout=ANSWER_SECONDS)
        if self._trouble != "":
            logger.info("node %s is registered with the apiserver", self._who.name)
        self._trouble = ""

    def _condition(self) -> node.Condition:
        if not self._observer.available:
            return node.Condition("RuntimeUnavailable", self._observer.problem)
        if self._source.doubt is None:
            return node.Condition("PodsUnknown", "the apiserver has not told the node's pods yet")
        if self._source.doubt:
            return node.Condition("StoreReplaced", self._source.doubt)
        return node.READY

    async def _runtime_version(self) -> str:
        if self._observer.available and not self._version:
            try:
                self._version = await self._runtime.version()
            except RuntimeUnavailable as error:
                self._observer.doubt(str(error))
        return self._version

    def _runtime_changed(self) -> None:
        """Report at once; what comes back may be of another version."""
        self._version = ""
        self._due.set()

    async def _pause(self, seconds: float) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._due.set)
        try:
            await self._due.wait()
        finally:
            timer.cancel()

    def _failed(self, problem: PeapodError) -> None:
        trouble = f"{problem.code.name}: {problem.message}"
        if trouble != self._trouble:
            logger.warning("cannot report node %s (%s), trying again", self._who.name, trouble)
        self._trouble = trouble
