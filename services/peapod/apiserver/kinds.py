"""All kinds, each with its cache, its watches and its registry, fed by one watch on the store."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from peapod.apiserver.cache import Cache, Item
from peapod.apiserver.feed import Feed
from peapod.apiserver.registry import Registry
from peapod.apiserver.resources import event, namespace, node, pod, secret
from peapod.apiserver.resources.strategy import R, Strategy
from peapod.apiserver.storage.store import Store
from peapod.common.errors import AlreadyExists, Expired, Unavailable
from peapod.common.watching.fanout import FanOut
from peapod.v1 import event_pb2, meta_pb2, namespace_pb2, node_pb2, pod_pb2, secret_pb2

GOODBYE_SECONDS = 2.0
"""How long a stopping server waits for its watchers to read what is pending."""

BOOKMARK_SECONDS = 10.0
"""A watcher hears from the server at least this often; clients give up on a silent one after a minute."""


class Kinds:
    """The API's kinds over one store. `history` is how many changes of each a watch can resume across."""

    def __init__(self, store: Store, *, history: int, watch_seconds: float, allow_privileged: bool = False) -> None:
        self.caches: dict[str, Cache] = {}
        self.fanouts: dict[str, FanOut[Item]] = {}
        self._store = store
        self._history = history
        self._watch_seconds = watch_seconds
        self.feed = Feed(store, self.caches, history, self._restart_watches)
        self.pods: Registry[pod_pb2.Pod] = self._add(pod.strategy(allow_privileged=allow_privileged))
        self.nodes: Registry[node_pb2.Node] = self._add(node.STRATEGY)
        self.events: Registry[event_pb2.Event] = self._add(event.STRATEGY)
        self.namespaces: Registry[namespace_pb2.Namespace] = self._add(namespace.STRATEGY)
        self.secrets: Registry[secret_pb2.Secret] = self._add(secret.STRATEGY)

    async def ensure_default_namespace(self) -> None:
        """Make the namespace that objects without one go to."""
        metadata = meta_pb2.ObjectMeta(name="default")
        try:
            await self.namespaces.create(namespace_pb2.Namespace(metadata=metadata))
        except AlreadyExists:
            return

    async def tick_forever(self) -> None:
        """Send bookmarks to quiet watchers."""
        while True:
            await asyncio.sleep(BOOKMARK_SECONDS)
            for fanout in self.fanouts.values():
                fanout.tick()

    async def close_watches(self) -> None:
        """End all watches, with everything that happened before sent to all who read it soon."""
        stopping = Unavailable("this server is stopping: resume with another, or here once it is back")
        goodbyes = asyncio.gather(*(fanout.close(stopping) for fanout in self.fanouts.values()))
        with suppress(TimeoutError):
            await asyncio.wait_for(goodbyes, GOODBYE_SECONDS)

    def _restart_watches(self) -> None:
        for fanout in self.fanouts.values():
            fanout.end(Expired("changes were missed: list again"))

    def _add(self, strategy: Strategy[R]) -> Registry[Any]:
        cache = self.caches[strategy.plural] = Cache(strategy, self._history)
        fanout = self.fanouts[strategy.plural] = FanOut(cache, self._watch_seconds)
        return Registry(strategy, self._store, self.feed, cache, fanout)
