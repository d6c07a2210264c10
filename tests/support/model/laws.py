"""What must hold at every revision of the store, whatever has happened before."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from peapod.common.follower import Key, key_of
from peapod.common.kinds import POD, REPLICATION_CONTROLLER, RESOURCE_QUOTA, SERVICE, Kind
from peapod.controllers.replication.names import free_names
from peapod.rules.service import HEADLESS
from peapod.v1 import pod_pb2, replication_controller_pb2, service_pb2

WATCHED = (RESOURCE_QUOTA, REPLICATION_CONTROLLER, SERVICE, POD)
"""The kinds that laws are about; of one revision, in this order."""
PLACES = 100
"""How many names of a controller's pods are known: more than it is ever asked for."""


class Laws:
    """The cluster as it was at one revision. `take` changes in the order of their revisions; it raises AssertionError
    for one that must not be.
    """

    def __init__(self) -> None:
        self._objects: dict[Kind, dict[Key, Any]] = {kind: {} for kind in WATCHED}
        self._nodes: dict[str, str] = {}
        self._controllers: dict[str, replication_controller_pb2.ReplicationController] = {}
        self._peaks: dict[str, int] = {}

    def take(self, kind: Kind, found: Any, gone: bool) -> None:
        """Take in one change."""
        objects, key = self._objects[kind], key_of(found)
        before = objects.pop(key, None)
        if gone:
            return
        objects[key] = found
        new = before is None or before.metadata.uid != found.metadata.uid
        if new and kind in (POD, SERVICE):
            self._fits_in_quotas(kind, key)
        if kind is POD:
            self._stays_where_it_is(found)
            if new:
                self._was_asked_for(found)
        elif kind is SERVICE:
            self._has_its_own_address(found)
        elif kind is REPLICATION_CONTROLLER:
            self._controllers[found.metadata.uid] = found
            self._peaks[found.metadata.uid] = max(self._peaks.get(found.metadata.uid, 0), found.spec.replicas)

    def settled(self) -> None:
        """Take in that nothing is in flight any more: no controller may have more pods than it asks for now."""
        self._peaks = {uid: controller.spec.replicas for uid, controller in self._controllers.items()}

    def _stays_where_it_is(self, pod: pod_pb2.Pod) -> None:
        """Have a pod bound at most once, and never moved."""
        uid, node = pod.metadata.uid, pod.spec.node_name
        before = self._nodes.setdefault(uid, node) or node
        assert node == before, f"pod {key_of(pod)} was moved from {before} to {node!r}"
        self._nodes[uid] = node

    def _was_asked_for(self, pod: pod_pb2.Pod) -> None:
        """Have no controller make more pods than it was asked for at most since nothing was in flight."""
        namespace, name = key_of(pod)
        for uid, controller in self._controllers.items():
            names = _names(controller.metadata.namespace, controller.metadata.name, uid)
            if namespace == controller.metadata.namespace and name in names:
                made = sum(space == namespace and one in names for space, one in self._objects[POD])
                assert made <= self._peaks[uid], (
                    f"{made} pods of {key_of(controller)}, and {self._peaks[uid]} asked for"
                )

    def _has_its_own_address(self, service: service_pb2.Service) -> None:
        address = service.spec.cluster_ip
        others = (key for key, other in self._objects[SERVICE].items() if other.spec.cluster_ip == address)
        if address != HEADLESS:
            assert list(others) == [key_of(service)], f"{address} is given twice"

    def _fits_in_quotas(self, kind: Kind, key: Key) -> None:
        """Have nothing come into a namespace beyond what its quotas allow."""
        count = sum(namespace == key[0] for namespace, _ in self._objects[kind])
        for hard in self._bounds(kind, key[0]):
            assert count <= hard, f"{key} is number {count} of {kind.plural}, and the quota is {hard}"

    def _bounds(self, kind: Kind, namespace: str) -> Iterator[int]:
        for (space, _), quota in self._objects[RESOURCE_QUOTA].items():
            if space == namespace and kind.plural in quota.spec.hard:
                yield int(quota.spec.hard[kind.plural])


@lru_cache(1000)
def _names(namespace: str, name: str, uid: str) -> frozenset[str]:
    controller = replication_controller_pb2.ReplicationController(
        metadata={"namespace": namespace, "name": name, "uid": uid}
    )
    return frozenset(islice(free_names(controller, lambda _: False), PLACES))
