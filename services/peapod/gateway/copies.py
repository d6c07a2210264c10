"""The gateway's copy of one kind: followed by one watch upstream, however many read and watch it here."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import grpc.aio

from peapod.common import process
from peapod.common.errors import Expired, Unavailable, from_rpc
from peapod.common.follower import Change, Follower, Key, source_of
from peapod.common.watching.cache import Cache
from peapod.common.watching.fanout import FanOut
from peapod.common.watching.occurrence import Occurrence
from peapod.gateway.item import Item
from peapod.gateway.lists import Lists
from peapod.gateway.resources import RESOURCES, Resource
from peapod.v1.store_service_pb2 import GetStoreRevisionRequest
from peapod.v1.store_service_rpc import StoreServiceClient

BEHIND_SECONDS = 10.0
"""How long a reader waits for a copy that is not as new as it has to be."""

GOODBYE_SECONDS = 2.0
"""How long a gateway that stops waits for its watchers to read what is pending."""

TICK_SECONDS = 10.0
"""How often watches that have lasted long enough are ended."""

_EXPECTED_MOST = 1000


class Copy(Follower[Any]):
    """All objects of a kind, the latest changes to them, and the watches on them.

    A reader sees everything that was written through this gateway before it asked. What it may miss is the last
    moments of what others wrote, unless it asks for what is `fresh`.
    """

    def __init__(
        self, resource: Resource, client: Any, store: StoreServiceClient, history: int, max_age: float
    ) -> None:
        super().__init__(source_of(resource.kind, client), name=resource.plural)
        self.resource = resource
        self.cache: Cache[Item] = Cache(resource, history)
        self.fanout: FanOut[Item] = FanOut(self.cache, max_age)
        self.lists = Lists()
        self._store = store
        self._written = 0
        self._expected: OrderedDict[tuple[str, int], Item] = OrderedDict()

    def wrote(self, message: Any, *, gone: bool = False) -> Item:
        """Have readers see a write that was answered, and spare its object from being encoded again."""
        item = Item(self.resource, message)
        self.expect(item.revision)
        if not gone and item.revision > self.cache.revision:
            self._expected[item.key, item.revision] = item
            if len(self._expected) > _EXPECTED_MOST:
                self._expected.popitem(last=False)
        return item

    def expect(self, revision: int) -> None:
        """Have readers see a write whose object was not answered."""
        self._written = max(self._written, revision)

    def settled(self, revision: int = 0) -> bool:
        """Tell whether a reader can be served now, with nothing older than a revision."""
        return self.in_touch and self.cache.revision >= (revision or 1) and self.cache.revision >= self._written

    async def settle(self, revision: int = 0) -> None:
        """Return once a reader can be served with nothing older than a revision, nor than what was written here.

        Raises `Unavailable` when that takes too long.
        """
        try:
            async with asyncio.timeout(BEHIND_SECONDS):
                while not self.settled(revision):
                    await self.moved()
        except TimeoutError:
            raise Unavailable(self._why_behind(revision)) from None

    async def fresh(self) -> None:
        """Return once the copy has everything that the apiserver had when this was called. Raises as `settle` does, and
        what the apiserver raises.
        """
        try:
            answer = await self._store.get_store_revision(GetStoreRevisionRequest(), timeout=BEHIND_SECONDS)
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        await self.settle(answer.latest_changes[self.resource.plural])
        if answer.store_id == self.cache.store_id:
            self.cache.advance(max(self.cache.revision, answer.revision))

    async def reach(self, revision: int) -> None:
        """Return once the copy is at a revision, however long that takes."""
        if self.cache.revision < revision:
            await self.fresh()
        while self.cache.revision < revision:
            await self.moved()

    def _why_behind(self, revision: int) -> str:
        wanted = max(revision, self._written, 1)
        if not self.in_touch:
            return "the apiserver cannot be reached now"
        return (
            f"this gateway has seen {self.resource.plural} up to version {self.cache.revision} of {wanted}: try again"
        )

    def _take_all(self, found: Mapping[Key, Any], revision: int, store_id: str) -> None:
        if store_id != self.cache.store_id:
            self._written = 0
        self._expected.clear()
        self.lists = Lists()
        self.cache.load([Item(self.resource, message) for message in found.values()], revision, store_id)
        # Whoever watches relied on seeing each change, and some were not seen.
        self.fanout.end(Expired("changes were missed: list again"))

    def _take(self, changes: Sequence[Change[Any]], revision: int, store_id: str) -> None:
        for found, gone in changes:
            item = self._item(found)
            old = self.cache.get(item.key)
            self.cache.apply(
                item.key, Occurrence(old or item, None, item.revision) if gone else Occurrence(old, item, item.revision)
            )
        if changes:
            self.cache.advance(max(self.cache.revision, self.cache.latest))
        if revision:
            self.cache.advance(max(self.cache.revision, revision))

    def _item(self, found: Any) -> Item:
        key, revision = self.resource.key_of(found), found.metadata.resource_version
        return self._expected.pop((key, revision), None) or Item(self.resource, found)


class Copies:
    """The copies of all kinds, over one channel."""

    def __init__(self, channel: grpc.aio.Channel, *, history: int, max_age: float) -> None:
        store = StoreServiceClient(channel)
        self._all = {
            resource.kind: Copy(resource, resource.kind.client(channel), store, history, max_age)
            for resource in RESOURCES
        }
        self._tasks: list[asyncio.Task[None]] = []

    def of(self, resource: Resource) -> Copy:
        """The copy of one kind."""
        return self._all[resource.kind]

    def start(self) -> None:
        """Begin to follow; readers wait until there is something to read."""
        self._tasks = [process.spawn(copy.run, copy.resource.plural) for copy in self._all.values()]
        self._tasks.append(process.spawn(self._tick, "ends of watches"))

    async def close_watches(self) -> None:
        """End all watches in good order, and let no new one begin."""
        stopping = Unavailable("the gateway is stopping")
        goodbyes = asyncio.gather(*(copy.fanout.close(stopping) for copy in self._all.values()))
        try:
            await asyncio.wait_for(goodbyes, GOODBYE_SECONDS)
        except TimeoutError:
            return

    async def stop(self) -> None:
        """Follow no more."""
        await process.end(*self._tasks)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            for copy in self._all.values():
                copy.fanout.tick()
