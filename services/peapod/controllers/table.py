"""The table of controllers: what runs, and what each stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import grpc.aio

from peapod.common.events import Recorder
from peapod.common.pace import Pace
from peapod.controllers.caches import Caches
from peapod.controllers.config import ControllersConfig
from peapod.controllers.endpoints.keeper import EndpointsKeeper
from peapod.controllers.namespaces.cleaner import NamespaceCleaner
from peapod.controllers.nodes.controller import NodeController
from peapod.controllers.nodes.eviction import Waits
from peapod.controllers.nodes.evictions import EvictionController
from peapod.controllers.nodes.removal import Removal
from peapod.controllers.quotas.counter import QuotaCounter
from peapod.controllers.replication.manager import ReplicationManager
from peapod.v1.endpoints_service_rpc import EndpointsServiceClient
from peapod.v1.namespace_service_rpc import NamespaceServiceClient
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod.v1.replication_controller_service_rpc import ReplicationControllerServiceClient
from peapod.v1.resource_quota_service_rpc import ResourceQuotaServiceClient


class Controller(Protocol):
    """Keeps one thing in shape."""

    async def run(self) -> None:
        """Do so until cancelled. May raise: it is then run again after a pause. May be run again after it ended."""
        ...


@dataclass(frozen=True)
class Cluster:
    """What controllers share: one cache per kind, a channel whose writes are fenced, the recorder of events."""

    config: ControllersConfig
    caches: Caches
    channel: grpc.aio.Channel
    recorder: Recorder


def _nodes(cluster: Cluster) -> Controller:
    channel, grace = cluster.channel, cluster.config.node_grace_seconds
    client, pods = NodeServiceClient(channel), PodServiceClient(channel)
    return NodeController(cluster.caches.nodes, client, pods, cluster.recorder, grace)


def _evictions(cluster: Cluster) -> Controller:
    caches, channel, config = cluster.caches, cluster.channel, cluster.config
    return EvictionController(
        caches.nodes,
        caches.pods,
        NodeServiceClient(channel),
        Removal(PodServiceClient(channel), cluster.recorder),
        Waits(config.pod_eviction_timeout, absence=config.node_grace_seconds),
        Pace(config.eviction_rate),
        config.node_grace_seconds,
    )


def _replication(cluster: Cluster) -> Controller:
    caches, channel = cluster.caches, cluster.channel
    client, pods = ReplicationControllerServiceClient(channel), PodServiceClient(channel)
    return ReplicationManager(caches.replication_controllers, caches.pods, client, pods, cluster.recorder)


def _endpoints(cluster: Cluster) -> Controller:
    caches, client = cluster.caches, EndpointsServiceClient(cluster.channel)
    return EndpointsKeeper(caches.services, caches.pods, caches.endpoints, client)


def _namespaces(cluster: Cluster) -> Controller:
    channel = cluster.channel
    return NamespaceCleaner(cluster.caches.namespaces, NamespaceServiceClient(channel), channel)


def _quotas(cluster: Cluster) -> Controller:
    caches, client = cluster.caches, ResourceQuotaServiceClient(cluster.channel)
    others = (caches.services, caches.replication_controllers)
    return QuotaCounter(caches.resource_quotas, caches.pods, others, client)


CONTROLLERS: Mapping[str, Callable[[Cluster], Controller]] = MappingProxyType(
    {
        "node controller": _nodes,
        "eviction controller": _evictions,
        "replication controller": _replication,
        "endpoints controller": _endpoints,
        "namespace controller": _namespaces,
        "quota controller": _quotas,
    }
)
"""By the name that the log gives them."""
