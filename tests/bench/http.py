"""The gateway: create, get and LIST of 5,000 pods over HTTP, beside the bare framework and beside gRPC."""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import time
import urllib.request
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from peapod.codec.versions import V1BETA1
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.pod_service_rpc import PodServiceClient
from tests.bench.calls import rate
from tests.bench.http_client import Connection, connections, written
from tests.bench.pods import asked_pod
from tests.bench.processes import apiserver, channel_to
from tests.bench.report import Line
from tests.support.gateway import running_gateway
from tests.support.ports import free_port
from tests.support.service_process import ServiceProcess

PODS = 5000
CALLERS = 32
CALLS = 3000
LISTS = 12
ROUNDS = 5
EMPTY_LISTS = 50
API = "/api/v1beta1/pods"

_numbers = itertools.count()


async def measure(folder: Path) -> AsyncIterator[Line]:
    """Compare in rounds that alternate."""
    async with (
        apiserver(folder) as server,
        running_gateway(folder, server.address) as (_, http),
        channel_to(server) as channel,
    ):
        client = PodServiceClient(channel)
        creates = [await _creates(http, client) for _ in range(ROUNDS)]
        yield Line("create, of the create over gRPC", statistics.median(creates), at_least=0.5)
        await _fill(client, PODS)
        one, many = await asyncio.gather(
            _fetch(http, f"{API}/bench-{0:08}?namespace=bench"), _fetch(http, f"{API}?namespace=bench")
        )
        async with bare(folder, one, many) as plain:
            gets = [await _gets(http, plain) for _ in range(ROUNDS)]
            yield Line("get, of constant bytes", statistics.median(gets), at_least=0.6)
            changed = [await _changed_lists(http, plain, client) for _ in range(ROUNDS)]
            yield Line("LIST, another pod changed before each, of constant bytes", statistics.median(changed))
            lists = [await _lists(http, plain) for _ in range(ROUNDS)]
            yield Line(
                f"LIST of {PODS} pods ({len(many) >> 20} MiB), of constant bytes",
                statistics.median(lists),
                at_least=0.7,
            )
        async with connections(http, 1) as (connection,):
            request = written("GET", f"{API}?labels=none%3D1")
            seconds = [await _timed(connection, request) for _ in range(EMPTY_LISTS)]
            yield Line(f"empty selection over {PODS} pods", statistics.median(seconds) * 1000, "ms", at_most=5.0)


@asynccontextmanager
async def bare(folder: Path, one: bytes, many: bytes) -> AsyncGenerator[str]:
    """Run the bare server with these answers."""
    address = f"127.0.0.1:{free_port()}"
    files = folder / "one", folder / "many"
    for file, content in zip(files, (one, many), strict=True):
        file.write_bytes(content)
    flags = ["--address", address, "--get", str(files[0]), "--listing", str(files[1])]
    process = ServiceProcess("tests.bench.bare_http", flags, folder / "bare.log", flag="--grpc-address")
    try:
        await process.start()
        yield address
    finally:
        await process.stop()


async def _creates(http: str, client: PodServiceClient) -> float:
    def body(number: int) -> bytes:
        return json.dumps(V1BETA1.encode(asked_pod(f"http-{number:08}"))).encode()

    requests = [written("POST", API, body(next(_numbers))) for _ in range(CALLS)]
    ours = await _asked(http, requests, 201)
    theirs = await rate(
        lambda n: client.create_pod(pods.CreatePodRequest(pod=asked_pod(f"grpc-{n:08}"))), CALLS, callers=CALLERS
    )
    return ours / theirs


async def _fill(client: PodServiceClient, count: int) -> None:
    names = itertools.count()

    async def create(_: int) -> None:
        pod = asked_pod(f"bench-{next(names):08}")
        pod.metadata.namespace = "bench"
        await client.create_pod(pods.CreatePodRequest(pod=pod))

    await rate(create, count)


async def _gets(http: str, plain: str) -> float:
    requests = [written("GET", f"{API}/bench-{n % PODS:08}?namespace=bench") for n in range(CALLS)]
    return await _asked(http, requests, 200) / await _asked(plain, [written("GET", "/one")] * CALLS, 200)


async def _lists(http: str, plain: str) -> float:
    ours = await _asked(http, [written("GET", f"{API}?namespace=bench")] * LISTS, 200, callers=1)
    return ours / await _asked(plain, [written("GET", "/many")] * LISTS, 200, callers=1)


async def _changed_lists(http: str, plain: str, client: PodServiceClient) -> float:
    """As `_lists`, with a change before each that the list has to show."""
    ours, request = 0.0, written("GET", f"{API}?namespace=bench")
    async with connections(http, 1) as (connection,):
        for number in range(LISTS):
            pod = (await client.get_pod(pods.GetPodRequest(namespace="bench", name=f"bench-{number:08}"))).pod
            pod.metadata.annotations["bench"] = str(next(_numbers))
            await client.update_pod(pods.UpdatePodRequest(pod=pod))
            ours += await _timed(connection, request)
    return LISTS / ours / await _asked(plain, [written("GET", "/many")] * LISTS, 200, callers=1)


async def _asked(address: str, requests: list[bytes], status: int, callers: int = CALLERS) -> float:
    """Send requests on some connections, and return how many were answered per second."""
    left: Iterator[bytes] = iter(requests)

    async def caller(connection: Connection) -> None:
        for request in left:
            if (found := await connection.ask(request)) != status:
                raise RuntimeError(f"answered with {found}, not {status}")

    async with connections(address, callers) as all_connections:
        started = time.perf_counter()
        await asyncio.gather(*map(caller, all_connections))
        return len(requests) / (time.perf_counter() - started)


async def _timed(connection: Connection, request: bytes) -> float:
    started = time.perf_counter()
    await connection.ask(request)
    return time.perf_counter() - started


async def _fetch(address: str, path: str) -> bytes:
    return await asyncio.to_thread(_read, f"http://{address}{path}")


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:
        content: bytes = answer.read()
        return content
