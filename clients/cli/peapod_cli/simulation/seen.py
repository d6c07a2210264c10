"""What of a simulation the apiserver shows: which nodes are ready, which pods are bound and run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence

from peapod.common.errors import Unavailable
from peapod.common.follower import Change, Follower, Key
from peapod.common.informer import nodes, pods
from peapod.v1 import meta_pb2, node_pb2, pod_pb2
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod_cli.simulation.progress import Tell
from peapod_cli.simulation.setup import Simulation
from peapod_cli.simulation.times import Times


class Nodes(Follower[node_pb2.Node]):
    """Counts the simulation's nodes that are ready."""

    def __init__(self, client: NodeServiceClient, simulation: Simulation, tell: Tell) -> None:
        super().__init__(nodes(client, labels=simulation.selector), name="simulated nodes")
        self.all_ready = asyncio.Event()
        self._ready: set[str] = set()
        self._total = simulation.nodes
        self._tell = tell

    def _take_all(self, found: Mapping[Key, node_pb2.Node], revision: int, store_id: str) -> None:
        self._look(found.values())

    def _take(self, changes: Sequence[Change[node_pb2.Node]], revision: int, store_id: str) -> None:
        self._look(change.found for change in changes if not change.gone)

    def _look(self, found: Iterable[node_pb2.Node]) -> None:
        ready = {node.metadata.name for node in found if _is_ready(node)}
        if ready <= self._ready:
            return
        self._ready |= ready
        self._tell("nodes ready", len(self._ready), self._total)
        if len(self._ready) == self._total:
            self.all_ready.set()


class Pods(Follower[pod_pb2.Pod]):
    """Notes when each of the simulation's pods is seen first to be bound and to run."""

    def __init__(self, client: PodServiceClient, simulation: Simulation, tell: Tell) -> None:
        super().__init__(pods(client, labels=simulation.selector), name="simulated pods")
        self.times = Times()
        self._over = asyncio.Event()
        self._problem = ""
        self._total = simulation.pods
        self._tell = tell

    async def all_run(self) -> None:
        """Wait until all pods run; raises `Unavailable` when one never will."""
        await self._over.wait()
        if self._problem:
            raise Unavailable(self._problem)

    def _take_all(self, found: Mapping[Key, pod_pb2.Pod], revision: int, store_id: str) -> None:
        self._look(found.values())

    def _take(self, changes: Sequence[Change[pod_pb2.Pod]], revision: int, store_id: str) -> None:
        self._look(change.found for change in changes if not change.gone)

    def _look(self, found: Iterable[pod_pb2.Pod]) -> None:
        now = time.monotonic()
        for pod in found:
            if pod.spec.node_name:
                self.times.bound.setdefault(pod.metadata.name, now)
            if pod.status.phase == pod_pb2.POD_PHASE_RUNNING:
                self.times.running.setdefault(pod.metadata.name, now)
            elif pod.status.phase == pod_pb2.POD_PHASE_FAILED:
                self._problem = f"pod {pod.metadata.name} has failed: {pod.status.message}"
        for what, moments in (("pods bound", self.times.bound), ("pods running", self.times.running)):
            if moments:
                self._tell(what, len(moments), self._total)
        if self._problem or len(self.times.running) == self._total:
            self._over.set()


def _is_ready(node: node_pb2.Node) -> bool:
    return any(one.type == "Ready" and one.status == meta_pb2.CONDITION_STATUS_TRUE for one in node.status.conditions)
