"""The pods of all simulated nodes, followed by one watch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from peapod.common.informer import Informer, pods
from peapod.kubelet.sources.source import API
from peapod.rules.mirror import is_mirror
from peapod.v1 import pod_pb2
from peapod.v1.meta_pb2 import EventType
from peapod.v1.pod_service_rpc import PodServiceClient


class NodePods:
    """One node's share of the pods. Containers that are simulated end with their process, so that none is ever left
    of another store's pods, and the apiserver is never doubted.
    """

    name = API

    def __init__(self, informer: Informer[pod_pb2.Pod]) -> None:
        self._informer = informer
        self._pods: dict[str, pod_pb2.Pod] = {}
        self._on_change: list[Callable[[], None]] = []
        self._on_doubt: list[Callable[[], None]] = []

    @property
    def doubt(self) -> str | None:
        """None until the apiserver has told the pods, then empty."""
        return "" if self._informer.revision else None

    @property
    def complete(self) -> bool:
        """Whether the pods are known."""
        return bool(self._informer.revision)

    def pods(self) -> Mapping[str, pod_pb2.Pod] | None:
        """All pods by uid that are to run on the node; None until they are known."""
        return self._pods if self._informer.revision else None

    def mirrors(self) -> list[pod_pb2.Pod]:
        """Simulated nodes have no static pods."""
        return []

    async def reached(self, revision: int) -> None:
        """Wait until `pods` is as new as the revision."""
        await self._informer.wait_for(revision)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back on every change of a pod of the node, and when the first snapshot is whole."""
        self._on_change.append(callback)

    def on_doubt(self, callback: Callable[[], None]) -> None:
        """Call back when `doubt` has changed."""
        self._on_doubt.append(callback)

    async def run(self) -> None:
        """Call back once the pods are known; their changes are `put` and `remove`d by whoever follows them for all."""
        await self._informer.synced()
        self._tell(self._on_doubt)
        self._tell(self._on_change)

    def put(self, pod: pod_pb2.Pod) -> None:
        """Take in a pod as it is now."""
        self._pods[pod.metadata.uid] = pod
        self._tell(self._on_change)

    def remove(self, pod: pod_pb2.Pod) -> None:
        """Take in that a pod is gone."""
        self._pods.pop(pod.metadata.uid, None)
        self._tell(self._on_change)

    def _tell(self, callbacks: list[Callable[[], None]]) -> None:
        for callback in callbacks:
            callback()


class AllPods:
    """Follows every pod that has a node, and hands each to its own."""

    def __init__(self, client: PodServiceClient) -> None:
        self._informer = Informer(pods(client, fields="spec.node_name!="), name="pods of simulated nodes")
        self._informer.on_change(self._changed)
        self._shares: dict[str, NodePods] = {}
        self.run = self._informer.run

    def of(self, node_name: str) -> NodePods:
        """The share of a node; to be asked for before `run`."""
        return self._shares.setdefault(node_name, NodePods(self._informer))

    def _changed(self, _kind: EventType, old: pod_pb2.Pod | None, new: pod_pb2.Pod | None) -> None:
        if new is not None:
            if (share := self._shares.get(new.spec.node_name)) and not is_mirror(new):
                share.put(new)
        elif old is not None and (share := self._shares.get(old.spec.node_name)):
            share.remove(old)
