"""LIST of 5,000 pods: how long the server is busy with one, by its own measure, and the client's view of it."""

from __future__ import annotations

import asyncio
import re
import time
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.pod_service_rpc import PodServiceClient
from tests.bench.calls import rate
from tests.bench.pods import asked_pod
from tests.bench.processes import apiserver, channel_to
from tests.bench.report import Line
from tests.support.ports import free_port

PODS = 5000
LISTS = 20


async def measure(folder: Path) -> AsyncIterator[Line]:
    """List all pods, and a selection that matches none."""
    metrics = f"127.0.0.1:{free_port()}"
    async with apiserver(folder, "--metrics-address", metrics) as server, channel_to(server) as channel:
        client = PodServiceClient(channel)
        await rate(lambda n: client.create_pod(pods.CreatePodRequest(pod=asked_pod(f"list-{n:08}"))), PODS)
        for what, request, most in (
            (f"LIST of {PODS} pods, in the server", pods.ListPodsRequest(), 60.0),
            ("LIST that selects none of them, in the server", pods.ListPodsRequest(label_selector="none=1"), None),
        ):
            before = await asyncio.to_thread(_list_seconds, metrics)
            started = time.perf_counter()
            for _ in range(LISTS):
                await client.list_pods(request)
            seen = (time.perf_counter() - started) / LISTS
            spent = (await asyncio.to_thread(_list_seconds, metrics) - before) / LISTS
            yield Line(what, spent * 1000, "ms", at_most=most)
            yield Line("  the same, as the client sees it", seen * 1000, "ms")


def _list_seconds(metrics: str) -> float:
    with urllib.request.urlopen(f"http://{metrics}/metrics") as answer:
        text = answer.read().decode()
    found = re.search(r'^peapod_rpc_seconds_sum\{method="/peapod.v1.PodService/ListPods"\} (\S+)$', text, re.MULTILINE)
    return float(found[1]) if found else 0.0
