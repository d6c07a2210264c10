"""Watch fan-out over HTTP: 32 writers create pods over gRPC while 200 watchers of one gateway follow."""

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
from tests.support.gateway import running_gateway

WRITERS = 32
WATCHERS = 200
CREATES = 1000
ROUNDS = 3


async def measure(folder: Path) -> AsyncIterator[Line]:
    """Create under the eyes of all."""
    async with (
        apiserver(folder) as server,
        running_gateway(folder, server.address) as (_, http),
        channel_to(server) as channel,
    ):
        client = PodServiceClient(channel)
        events = [await _watched(client, http) for _ in range(ROUNDS)]
    yield Line(f"events/s to {WATCHERS} HTTP watchers", statistics.median(events), at_least=20_000)


async def _watched(client: PodServiceClient, http: str) -> float:
    revision = (await client.list_pods(pods.ListPodsRequest(namespace="none"))).revision
    arguments = {"address": http, "watchers": WATCHERS, "revision": revision, "events": CREATES}
    flags = [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
    watchers = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.http_watchers", *flags, stdout=subprocess.PIPE
    )
    assert watchers.stdout is not None
    await watchers.stdout.readline()
    await rate(
        lambda n: client.create_pod(pods.CreatePodRequest(pod=asked_pod(f"fan-{n:08}"))), CREATES, callers=WRITERS
    )
    events = float(await watchers.stdout.readline())
    await watchers.wait()
    return events
