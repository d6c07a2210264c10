"""Wires the apiserver: store, feed, kinds, RPCs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc

from peapod.apiserver import metrics
from peapod.apiserver.config import ApiserverConfig
from peapod.apiserver.event_expiry import EventExpiry
from peapod.apiserver.event_limits import EventLimits
from peapod.apiserver.fencing import fenced
from peapod.apiserver.kinds import Kinds
from peapod.apiserver.portal_net import PortalNet
from peapod.apiserver.relay import Relay
from peapod.apiserver.servicers.events import Events
from peapod.apiserver.servicers.namespaces import Namespaces
from peapod.apiserver.servicers.nodes import Nodes
from peapod.apiserver.servicers.pods import Pods
from peapod.apiserver.servicers.replication_controllers import ReplicationControllers
from peapod.apiserver.servicers.resource_quotas import ResourceQuotas
from peapod.apiserver.servicers.standard import Standard
from peapod.apiserver.servicers.store import StorePosition
from peapod.apiserver.storage.open import open_store
from peapod.common import process
from peapod.common.kinds import STORED
from peapod.common.rpc import Guard
from peapod.common.server import Server
from peapod.v1 import store_service_rpc

SERVICES = [*(kind.service for kind in STORED), store_service_rpc.DESCRIPTOR.full_name]


class Apiserver:
    """One apiserver over one store; several may share an etcd. `start` once, `stop` once."""

    def __init__(self, config: ApiserverConfig) -> None:
        self._store = open_store(config.store)
        self.kinds = Kinds(
            self._store,
            history=config.history,
            watch_seconds=config.watch_seconds,
            portal_net=PortalNet(config.portal_net),
            event_seconds=config.event_seconds,
            allow_privileged=config.allow_privileged,
        )
        self._relay = Relay(self.kinds.nodes, config.scheduler)
        self._expiry = EventExpiry(
            self._store,
            self.kinds.feed,
            self.kinds.caches["events"],
            seconds=config.event_seconds,
            most=config.events_most,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self.server = Server(
            config.address,
            "apiserver",
            self._handlers,
            SERVICES,
            allow_insecure=config.allow_insecure,
            metrics_address=config.metrics_address,
        )
        self.server.before_stop.append(self.kinds.close_watches)
        metrics.register(self.server.registry, self.kinds)

    async def start(self) -> None:
        """Load the caches, for which the store may be waited for, then serve."""
        await process.insist("loading the store", self.kinds.feed.load)
        self._tasks = [
            process.spawn(self.kinds.feed.run, "feed"),
            process.spawn(self.kinds.tick_forever, "bookmarks"),
            process.spawn(self._expiry.run, "event expiry"),
        ]
        await self.kinds.portals.repair(self.kinds.feed, self.kinds.caches["services"])
        await self.kinds.ensure_default_namespace()
        await self.server.start()

    async def stop(self) -> None:
        """End the watches, finish the calls, and close the store."""
        await self.server.stop()
        await process.end(*self._tasks)
        await self._relay.close()
        await self._store.close()

    def _handlers(self, guard: Guard) -> Sequence[grpc.GenericRpcHandler]:
        kinds, guard = self.kinds, fenced(guard)
        servicers: list[Standard[Any]] = [
            Pods(kinds.pods, self._relay),
            Nodes(kinds.nodes),
            Events(kinds.events, EventLimits()),
            Namespaces(kinds.namespaces),
            ReplicationControllers(kinds.replication_controllers),
            ResourceQuotas(kinds.resource_quotas),
        ]
        plain = (kinds.secrets, kinds.services, kinds.endpoints, kinds.limit_ranges, kinds.leases)
        servicers += (Standard(registry) for registry in plain)
        position = StorePosition(kinds.feed, kinds.caches)
        return [
            *(servicer.handler(guard) for servicer in servicers),
            store_service_rpc.store_service_handler(position, guard),
        ]


async def serve(config: ApiserverConfig, stop: asyncio.Event) -> None:
    """Run an apiserver until `stop` is set."""
    await process.serve_until(stop, Apiserver(config))
