"""All kinds, each with its cache, its watches and its registry, fed by one watch on the store."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from peapod.apiserver.cache import Cache, Item
from peapod.apiserver.companions.admission import Admission
from peapod.apiserver.companions.portals import Portals
from peapod.apiserver.feed import Feed
from peapod.apiserver.fencing import Fencing
from peapod.apiserver.portal_net import PortalNet
from peapod.apiserver.registry import Registry
from peapod.apiserver.resources import (
    endpoints,
    event,
    lease,
    limit_range,
    namespace,
    node,
    pod,
    replication_controller,
    resource_quota,
    secret,
    service,
)
from peapod.apiserver.resources.strategy import R, Strategy
from peapod.apiserver.storage.store import Store
from peapod.apiserver.writer import Companion, Writer
from peapod.common.errors import AlreadyExists, Expired, Unavailable
from peapod.common.kinds import NAMESPACE
from peapod.common.watching.fanout import FanOut
from peapod.v1.endpoints_pb2 import Endpoints
from peapod.v1.event_pb2 import Event
from peapod.v1.lease_pb2 import Lease
from peapod.v1.limit_range_pb2 import LimitRange
from peapod.v1.meta_pb2 import ObjectMeta
from peapod.v1.namespace_pb2 import Namespace
from peapod.v1.node_pb2 import Node
from peapod.v1.pod_pb2 import Pod
from peapod.v1.replication_controller_pb2 import ReplicationController
from peapod.v1.resource_quota_pb2 import ResourceQuota
from peapod.v1.secret_pb2 import Secret
from peapod.v1.service_pb2 import Service

GOODBYE_SECONDS = 2.0
"""How long a stopping server waits for its watchers to read what is pending."""

BOOKMARK_SECONDS = 10.0
"""A watcher hears from the server at least this often; clients give up on a silent one after a minute."""


class Kinds:
    """The API's kinds over one store. `history` is how many changes of each a watch can resume across."""

    def __init__(
        self,
        store: Store,
        *,
        history: int,
        watch_seconds: float,
        portal_net: PortalNet,
        event_seconds: float,
        allow_privileged: bool = False,
    ) -> None:
        self.caches: dict[str, Cache] = {}
        self.fanouts: dict[str, FanOut[Item]] = {}
        self.registries: list[Registry[Any]] = []
        self._history = history
        self._watch_seconds = watch_seconds
        self._fencing = Fencing(store)
        self.feed = Feed(store, self.caches, history, self._begin_anew)
        self._admission = Admission(self.feed, self.caches)
        self.portals = Portals(store, portal_net)
        self.pods: Registry[Pod] = self._add(pod.strategy(allow_privileged=allow_privileged))
        self.nodes: Registry[Node] = self._add(node.STRATEGY)
        self.events: Registry[Event] = self._add(event.strategy(event_seconds))
        self.namespaces: Registry[Namespace] = self._add(namespace.STRATEGY)
        self.secrets: Registry[Secret] = self._add(secret.STRATEGY)
        self.replication_controllers: Registry[ReplicationController] = self._add(
            replication_controller.strategy(allow_privileged=allow_privileged)
        )
        self.services: Registry[Service] = self._add(service.strategy(portal_net), self.portals.companion)
        self.endpoints: Registry[Endpoints] = self._add(endpoints.STRATEGY)
        self.limit_ranges: Registry[LimitRange] = self._add(limit_range.STRATEGY)
        self.resource_quotas: Registry[ResourceQuota] = self._add(resource_quota.STRATEGY)
        self.leases: Registry[Lease] = self._add(lease.STRATEGY, self._fencing.lease_companion)

    async def ensure_default_namespace(self) -> None:
        """Make the namespace that objects without one go to."""
        metadata = ObjectMeta(name="default")
        try:
            await self.namespaces.create(Namespace(metadata=metadata))
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

    def _begin_anew(self) -> None:
        self._admission.forget()
        for fanout in self.fanouts.values():
            fanout.end(Expired("changes were missed: list again"))

    def _add(self, strategy: Strategy[R], *companions: Companion[Any]) -> Registry[Any]:
        cache = self.caches[strategy.plural] = Cache(strategy, self._history)
        fanout = self.fanouts[strategy.plural] = FanOut(cache, self._watch_seconds)
        if strategy.namespaced or strategy.of is NAMESPACE:
            companions = (*companions, self._admission.companion(strategy.of))
        writer = Writer[Any](self._fencing.commit, self.feed, companions)
        registry = Registry(strategy, writer, self.feed, cache, fanout)
        self.registries.append(registry)
        return registry
