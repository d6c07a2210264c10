"""Asks for the pods of a simulation, waits until all run, and takes them away again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

import grpc.aio

from peapod.common import process
from peapod.common.errors import NotFound, TooLate, from_rpc
from peapod.v1.node_service_pb2 import DeleteNodeRequest
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_pb2 import CreatePodRequest, DeletePodRequest
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod_cli.simulation.progress import Tell
from peapod_cli.simulation.seen import Nodes, Pods
from peapod_cli.simulation.setup import Simulation
from peapod_cli.simulation.times import Times

SIDE_BY_SIDE = 32
"""How many calls are under way at once."""
ANSWER_SECONDS = 30.0
FIRST_ANSWER_SECONDS = 15.0


class Load:
    """The pods of one simulation on one channel."""

    def __init__(self, channel: grpc.aio.Channel, simulation: Simulation, tell: Tell) -> None:
        self._simulation = simulation
        self._tell = tell
        self._client = PodServiceClient(channel)
        self._node_client = NodeServiceClient(channel)
        self._nodes = Nodes(self._node_client, simulation, tell)
        self._pods = Pods(self._client, simulation, tell)
        self._created = 0

    @property
    def reached(self) -> bool:
        """Whether the apiserver has ever answered: else there is nothing to take away."""
        return bool(self._pods.revision)

    async def run(self) -> Times:
        """Wait for the nodes, ask for the pods, and return when all of them run. Raises what stands in the way."""
        following = [process.spawn(self._nodes.run, "nodes"), process.spawn(self._pods.run, "pods")]
        try:
            await self._reach()
            await self._nodes.all_ready.wait()
            await self._create_all()
            await self._pods.all_run()
        finally:
            await process.end(*following)
        return self._pods.times

    async def remove_pods(self) -> None:
        """Delete all that were asked for."""
        await _side_by_side(self._delete_pod(name) for name in self._pods.times.asked)

    async def remove_nodes(self) -> None:
        """Delete the nodes, which must report themselves no more."""
        names = [f"{self._simulation.name}-{number}" for number in range(self._simulation.nodes)]
        await _side_by_side(self._delete_node(name) for name in names)

    async def _reach(self) -> None:
        try:
            async with asyncio.timeout(FIRST_ANSWER_SECONDS):
                await self._pods.synced()
        except TimeoutError:
            where = self._simulation.server
            raise TooLate(f"no apiserver has answered at {where} in {FIRST_ANSWER_SECONDS:g} s") from None

    async def _create_all(self) -> None:
        began, rate = time.monotonic(), self._simulation.rate
        await _side_by_side(
            self._create(number, began + number / rate if rate else began) for number in range(self._simulation.pods)
        )

    async def _create(self, number: int, due: float) -> None:
        pod = self._simulation.pod(number)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        self._pods.times.asked[pod.metadata.name] = time.monotonic()
        try:
            await _to_its_end(self._client.create_pod(CreatePodRequest(pod=pod), timeout=ANSWER_SECONDS))
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from error
        self._created += 1
        self._tell("pods created", self._created, self._simulation.pods)

    async def _delete_pod(self, name: str) -> None:
        await _unless_gone(self._client.delete_pod(DeletePodRequest(name=name), timeout=ANSWER_SECONDS))

    async def _delete_node(self, name: str) -> None:
        await _unless_gone(self._node_client.delete_node(DeleteNodeRequest(name=name), timeout=ANSWER_SECONDS))


async def _to_its_end(call: Coroutine[Any, Any, object]) -> None:
    """Wait for a call, however often cancelled: one that is cut off may be carried out after all was taken away."""
    task = asyncio.ensure_future(call)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        raise


async def _unless_gone(call: Awaitable[object]) -> None:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        problem = from_rpc(error)
        if not isinstance(problem, NotFound):
            raise problem from error


async def _side_by_side(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it, some at a time and in order; the first error ends it."""
    rest = iter(work)

    async def take_turns() -> None:
        for one in rest:
            await one

    turns = [asyncio.create_task(take_turns()) for _ in range(SIDE_BY_SIDE)]
    try:
        await asyncio.gather(*turns)
    finally:
        await process.end(*turns)
