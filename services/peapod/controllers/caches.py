"""What the controllers know of the cluster: one cache for each kind that they look at, shared by all of them."""

from __future__ import annotations

from typing import Any

import grpc.aio

from peapod.common import kinds
from peapod.common.follower import source_of
from peapod.common.informer import Informer
from peapod.common.kinds import Kind
from peapod.v1.endpoints_pb2 import Endpoints
from peapod.v1.namespace_pb2 import Namespace
from peapod.v1.node_pb2 import Node
from peapod.v1.pod_pb2 import Pod
from peapod.v1.replication_controller_pb2 import ReplicationController
from peapod.v1.resource_quota_pb2 import ResourceQuota
from peapod.v1.service_pb2 import Service


class Caches:
    """The caches by kind; their owner runs `all`, which are by the names that the log gives them."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.all: dict[str, Informer[Any]] = {}
        self.pods: Informer[Pod] = self._cache(kinds.POD, channel)
        self.nodes: Informer[Node] = self._cache(kinds.NODE, channel)
        self.replication_controllers: Informer[ReplicationController] = self._cache(
            kinds.REPLICATION_CONTROLLER, channel
        )
        self.services: Informer[Service] = self._cache(kinds.SERVICE, channel)
        self.endpoints: Informer[Endpoints] = self._cache(kinds.ENDPOINTS, channel)
        self.namespaces: Informer[Namespace] = self._cache(kinds.NAMESPACE, channel)
        self.resource_quotas: Informer[ResourceQuota] = self._cache(kinds.RESOURCE_QUOTA, channel)

    def _cache(self, kind: Kind, channel: grpc.aio.Channel) -> Informer[Any]:
        name = kind.plural.replace("_", " ")
        cache: Informer[Any] = Informer(source_of(kind, kind.client(channel)), name=name)
        self.all[name] = cache
        return cache
