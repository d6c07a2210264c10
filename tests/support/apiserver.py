"""A real apiserver in this process, on a loopback port that is free."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio

from peapod.apiserver.config import ApiserverConfig
from peapod.apiserver.server import Apiserver
from peapod.common.channel import open_channel
from peapod.v1.endpoints_service_rpc import EndpointsServiceClient
from peapod.v1.event_service_rpc import EventServiceClient
from peapod.v1.limit_range_service_rpc import LimitRangeServiceClient
from peapod.v1.namespace_service_rpc import NamespaceServiceClient
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod.v1.replication_controller_service_rpc import ReplicationControllerServiceClient
from peapod.v1.resource_quota_service_rpc import ResourceQuotaServiceClient
from peapod.v1.secret_service_rpc import SecretServiceClient
from peapod.v1.service_service_rpc import ServiceServiceClient
from peapod.v1.store_service_rpc import StoreServiceClient


class Api:
    """A client of every service on one channel."""

    def __init__(self, address: str, channel: grpc.aio.Channel) -> None:
        self.address = address
        self.channel = channel
        self.pods = PodServiceClient(channel)
        self.nodes = NodeServiceClient(channel)
        self.events = EventServiceClient(channel)
        self.namespaces = NamespaceServiceClient(channel)
        self.secrets = SecretServiceClient(channel)
        self.replication_controllers = ReplicationControllerServiceClient(channel)
        self.services = ServiceServiceClient(channel)
        self.endpoints = EndpointsServiceClient(channel)
        self.limit_ranges = LimitRangeServiceClient(channel)
        self.resource_quotas = ResourceQuotaServiceClient(channel)
        self.store = StoreServiceClient(channel)


@asynccontextmanager
async def connected(address: str) -> AsyncGenerator[Api]:
    """Clients of the apiserver at `address`."""
    channel = open_channel(address)
    try:
        yield Api(address, channel)
    finally:
        await channel.close()


class OwnApi(Api):
    """The same of an apiserver in this process."""

    def __init__(self, apiserver: Apiserver, channel: grpc.aio.Channel) -> None:
        super().__init__(apiserver.server.address, channel)
        self.apiserver = apiserver


@asynccontextmanager
async def running_apiserver(store: str | Path, **settings: object) -> AsyncGenerator[OwnApi]:
    """Run an apiserver on a store's URL, or on SQLite at a path; `settings` are fields of its config."""
    url = f"sqlite:///{store}" if isinstance(store, Path) else store
    config = ApiserverConfig(**({"address": "127.0.0.1:0", "store": url} | settings))  # type: ignore[arg-type]
    apiserver = Apiserver(config)
    try:
        await apiserver.start()
        channel = open_channel(apiserver.server.address)
        try:
            yield OwnApi(apiserver, channel)
        finally:
            await channel.close()
    finally:
        await apiserver.stop()
