"""A process of many HTTP watchers, each on a connection of its own: prints "ready", reads, then prints events/s."""

from __future__ import annotations

import argparse
import asyncio
import time

from peapod.common import address as addresses
from tests.bench.http_client import written


class Watcher(asyncio.Protocol):
    """Counts the frames of one watch: each is a line, and lines of chunks end otherwise."""

    def __init__(self, path: str, events: int) -> None:
        self.first = self.last = 0.0
        self.begun = asyncio.Event()
        self.done = asyncio.Event()
        self._path = path
        self._events = events
        self._seen = 0
        self._after_return = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(written("GET", self._path))

    def data_received(self, data: bytes) -> None:
        self.last = time.monotonic()
        ends = data.count(b"\n") - data.count(b"\r\n") - (self._after_return and data.startswith(b"\n"))
        self._after_return = data.endswith(b"\r")
        self._seen += ends
        if ends and not self.first:
            self.first = self.last
        self.begun.set()
        if self._seen >= self._events:
            self.done.set()


async def main(address: str, watchers: int, revision: int, events: int) -> None:
    """Watch until every watcher has seen `events` changes."""
    host, port = addresses.parse(address)
    path = f"/api/v1beta1/watch/pods?resourceVersion={revision}"
    loop = asyncio.get_running_loop()
    made = [(await loop.create_connection(lambda: Watcher(path, events), host, port)) for _ in range(watchers)]
    await asyncio.gather(*(watcher.begun.wait() for _, watcher in made))
    print("ready", flush=True)
    await asyncio.gather(*(watcher.done.wait() for _, watcher in made))
    seconds = max(watcher.last for _, watcher in made) - min(watcher.first for _, watcher in made)
    print(watchers * events / seconds, flush=True)
    for transport, _ in made:
        transport.abort()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    for number in ("--watchers", "--revision", "--events"):
        parser.add_argument(number, type=int, required=True)
    asyncio.run(main(**vars(parser.parse_args())))
