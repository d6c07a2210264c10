"""The node controller: marks nodes that are silent for too long as Ready=Unknown, so that they get no more pods, and
the pods that they have as Unknown.

The node's next heartbeat makes it ready again, and its kubelet tells anew how the pods are. No pod is moved; when the
silence lasts, evictions.py has them deleted.
"""

from __future__ import annotations

import asyncio
import logging
import time

import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp

from peapod.common.errors import Conflict, NotFound, from_rpc
from peapod.common.events import Recorder
from peapod.common.informer import Informer
from peapod.controllers.nodes.lifecycle import Lost, Sightings, decide, mark
from peapod.controllers.nodes.lost_pods import mark_pods
from peapod.controllers.nodes.news import Chronicle
from peapod.controllers.nodes.sight import BLIND_AFTER_LOOKS, LOOKS_PER_GRACE, Sight, store_answers
from peapod.v1.meta_pb2 import EventType
from peapod.v1.node_pb2 import Node
from peapod.v1.node_service_pb2 import UpdateNodeStatusRequest
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_service_rpc import PodServiceClient

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0


class NodeController:
    """Looks after all nodes; a node may be silent for `grace` seconds."""

    def __init__(
        self,
        nodes: Informer[Node],
        client: NodeServiceClient,
        pods: PodServiceClient,
        recorder: Recorder,
        grace: float,
    ) -> None:
        self._nodes = nodes
        self._client = client
        self._pods = pods
        self._recorder = recorder
        self._grace = grace
        self._pause = grace / LOOKS_PER_GRACE
        self._sightings = Sightings(Sight(BLIND_AFTER_LOOKS * self._pause))
        self._chronicle = Chronicle()
        nodes.on_change(self._changed)

    async def run(self) -> None:
        """Look again and again; raises what the apiserver says when it does not answer."""
        await self._nodes.synced()
        while True:
            await self._look()
            await asyncio.sleep(self._pause)

    async def _look(self) -> None:
        await store_answers(self._client)
        now = time.monotonic()
        if self._sightings.looked(now):
            logger.info("nodes: could not see for a while, every node gets its %g s anew", self._grace)
        lost = decide(self._nodes.objects.values(), self._sightings, now, self._grace)
        # All are over before this is, however they end: a mark that comes late is another leader's to make.
        for problem in await asyncio.gather(*(self._mark(one) for one in lost), return_exceptions=True):
            if isinstance(problem, BaseException):
                raise problem
        for node, reason, message in self._chronicle.look(self._nodes.objects.values()):
            self._recorder.record(node, reason, message)

    async def _mark(self, lost: Lost) -> None:
        name, now = lost.node.metadata.name, Timestamp()
        # The node comes last: what a controller that ends here has left undone, the next one does.
        pods = await mark_pods(self._pods, lost)
        now.GetCurrentTime()
        node = mark(lost, now)
        try:
            response = await self._client.update_node_status(UpdateNodeStatusRequest(node=node), timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as error:
            problem = from_rpc(error)
            if not isinstance(problem, (Conflict, NotFound)):
                raise problem from error
            logger.info("node %s: changed before it was marked as lost", name)
            return
        version, silent = response.node.metadata.resource_version, round(lost.silent)
        words = "node %s: lost with %d pods, it has not reported for %d s (revision %d)"
        logger.warning(words, name, pods, silent, version)
        self._recorder.record(lost.node, "offline", f"node {name} has not reported for {silent} s")

    def _changed(self, _kind: EventType, old: Node | None, new: Node | None) -> None:
        if new is not None:
            self._sightings.see(new, time.monotonic())
        elif old is not None:
            self._sightings.forget(old.metadata.name)
