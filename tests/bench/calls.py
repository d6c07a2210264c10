"""Creates and gets per second, against the echo, in rounds that alternate so that both see the same machine."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.pod_service_rpc import PodServiceClient
from tests.bench.pods import asked_pod
from tests.bench.processes import apiserver, channel_to, echo
from tests.bench.report import Line

CALLERS = 64
CALLS = 2500
ROUNDS = 5

Call = Callable[[PodServiceClient, int], Awaitable[object]]

_numbers = itertools.count()


async def measure(folder: Path) -> AsyncIterator[Line]:
    """Compare create and get with the echo."""
    async with (
        apiserver(folder) as real,
        echo(folder) as bare,
        channel_to(real) as to_real,
        channel_to(bare) as to_bare,
    ):
        clients = PodServiceClient(to_real), PodServiceClient(to_bare)
        for name, call, target in (("create (durable)", _create, 0.5), ("get", _get, 0.7)):
            ratios = [await _round(call, *clients) for _ in range(ROUNDS)]
            yield Line(f"{name}, of the echo", statistics.median(ratios), at_least=target)


async def _round(call: Call, real: PodServiceClient, bare: PodServiceClient) -> float:
    return await rate(lambda number: call(real, number), CALLS) / await rate(lambda number: call(bare, number), CALLS)


async def rate(call: Callable[[int], Awaitable[object]], count: int, callers: int = CALLERS) -> float:
    """Make `count` calls, `callers` at a time, and return calls per second."""
    numbers: Iterator[int] = iter([next(_numbers) for _ in range(count)])

    async def caller() -> None:
        for number in numbers:
            await call(number)

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return count / (time.perf_counter() - started)


async def _create(client: PodServiceClient, number: int) -> object:
    return await client.create_pod(pods.CreatePodRequest(pod=asked_pod(f"pod-{number:08}")))


async def _get(client: PodServiceClient, number: int) -> object:
    return await client.get_pod(pods.GetPodRequest(namespace="default", name=f"pod-{number % 2000:08}"))
