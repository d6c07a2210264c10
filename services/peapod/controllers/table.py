"""The table of controllers: what runs, and what each stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from peapod.common.events import Recorder
from peapod.common.informer import Informer
from peapod.controllers.config import ControllersConfig
from peapod.controllers.eviction import Waits
from peapod.controllers.evictions import EvictionController
from peapod.controllers.nodes import NodeController
from peapod.controllers.pace import Pace
from peapod.controllers.removal import Removal
from peapod.v1.node_pb2 import Node
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_pb2 import Pod
from peapod.v1.pod_service_rpc import PodServiceClient


class Controller(Protocol):
    """Keeps one thing in shape."""

    async def run(self) -> None:
        """Do so until cancelled. May raise: it is then run again after a pause."""
        ...


@dataclass(frozen=True)
class Cluster:
    """What controllers share: one informer per kind, clients on one channel, the recorder of events."""

    config: ControllersConfig
    nodes: Informer[Node]
    pods: Informer[Pod]
    node_client: NodeServiceClient
    pod_client: PodServiceClient
    recorder: Recorder


def _nodes(cluster: Cluster) -> Controller:
    grace = cluster.config.node_grace_seconds
    return NodeController(cluster.nodes, cluster.node_client, cluster.pod_client, cluster.recorder, grace)


def _evictions(cluster: Cluster) -> Controller:
    grace, timeout = cluster.config.node_grace_seconds, cluster.config.pod_eviction_timeout
    return EvictionController(
        cluster.nodes,
        cluster.pods,
        cluster.node_client,
        Removal(cluster.pod_client, cluster.recorder),
        Waits(timeout, absence=grace),
        Pace(cluster.config.eviction_rate),
        grace,
    )


CONTROLLERS: Mapping[str, Callable[[Cluster], Controller]] = MappingProxyType(
    {"node controller": _nodes, "eviction controller": _evictions}
)
"""By the name that the log gives them."""
