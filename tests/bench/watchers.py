"""A process of many watchers, each on a stream of its own: prints "ready", reads, then prints how long it took."""

from __future__ import annotations

import argparse
import asyncio
import time

from peapod.common.channel import open_channel
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.pod_service_rpc import PodServiceClient


async def watch(client: PodServiceClient, revision: int, events: int, standing: asyncio.Barrier) -> tuple[float, float]:
    """Read `events` changes; return when the first and the last one came."""
    first = last = 0.0
    async with client.watch_pods(pods.WatchPodsRequest(revision=revision)) as stream:
        batches = aiter(stream)
        count = len((await anext(batches)).events)
        await standing.wait()
        while count < events:
            batch = await anext(batches)
            last = time.monotonic()
            first = first or last
            count += len(batch.events)
    return first, last


async def main(address: str, watchers: int, revision: int, events: int) -> None:
    """Watch until every watcher has seen `events` changes."""
    channel = open_channel(address)
    standing = asyncio.Barrier(watchers + 1)
    client = PodServiceClient(channel)
    tasks = [asyncio.create_task(watch(client, revision, events, standing)) for _ in range(watchers)]
    await standing.wait()
    print("ready", flush=True)
    spans = await asyncio.gather(*tasks)
    seconds = max(last for _, last in spans) - min(first for first, _ in spans)
    print(watchers * events / seconds, flush=True)
    await channel.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    for number in ("--watchers", "--revision", "--events"):
        parser.add_argument(number, type=int, required=True)
    asyncio.run(main(**vars(parser.parse_args())))
