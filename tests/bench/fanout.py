"""Watch fan-out under load: 32 writers create pods while 50 watchers in a process of their own follow."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.pod_service_rpc import PodServiceClient
from tests.bench.calls import rate
from tests.bench.pods import asked_pod
from tests.bench.processes import apiserver, channel_to
from tests.bench.report import Line
from tests.support.service_process import ServiceProcess

WRITERS = 32
WATCHERS = 50
CREATES = 5000
ROUNDS = 3


async def measure(folder: Path) -> AsyncIterator[Line]:
    """Create with and without watchers, in rounds that alternate."""
    async with apiserver(folder) as server, channel_to(server) as channel:
        client = PodServiceClient(channel)
        delivered, kept = [], []
        for _ in range(ROUNDS):
            alone = await _create(client)
            events, watched = await _create_watched(client, server)
            delivered.append(events)
            kept.append(watched / alone)
    yield Line(f"events/s to {WATCHERS} watchers", statistics.median(delivered), at_least=80_000)
    yield Line("create rate with watchers, of the rate without", statistics.median(kept), at_least=0.6)


async def _create(client: PodServiceClient) -> float:
    async def create(number: int) -> None:
        await client.create_pod(pods.CreatePodRequest(pod=asked_pod(f"fan-{number:08}")))

    return await rate(create, CREATES, callers=WRITERS)


async def _create_watched(client: PodServiceClient, server: ServiceProcess) -> tuple[float, float]:
    revision = (await client.list_pods(pods.ListPodsRequest(namespace="none"))).revision
    arguments = {"address": server.address, "watchers": WATCHERS, "revision": revision, "events": CREATES}
    flags = [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
    watchers = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.watchers", *flags, stdout=subprocess.PIPE
    )
    assert watchers.stdout is not None
    await watchers.stdout.readline()
    creates = await _create(client)
    events = float(await watchers.stdout.readline())
    await watchers.wait()
    return events, creates
