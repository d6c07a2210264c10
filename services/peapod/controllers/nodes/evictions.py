"""The eviction controller: deletes the pods of nodes that are lost, so that others may be made in their place.

A pod is deleted only as it was seen last: a kubelet that is back tells anew how its pods are, and so saves them. One
that comes back later finds that they are gone, and removes their containers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence

import grpc.aio

from peapod.common.errors import NotFound, from_rpc
from peapod.common.informer import Informer
from peapod.common.pace import Pace
from peapod.controllers.nodes.eviction import Doomed, Waits, decide, is_confirmed, victims
from peapod.controllers.nodes.removal import Removal
from peapod.controllers.nodes.sight import BLIND_AFTER_LOOKS, LOOKS_PER_GRACE, Look, Sight, store_answers
from peapod.v1.meta_pb2 import EventType
from peapod.v1.node_pb2 import Node
from peapod.v1.node_service_pb2 import GetNodeRequest
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_pb2 import Pod

logger = logging.getLogger(__name__)

BUSY_SECONDS = 1.0
"""How long to wait with what may not be deleted yet."""
ANSWER_SECONDS = 5.0


class EvictionController:
    """Looks after the pods of all nodes. A node may be absent for `grace` seconds, and not ready for as many as `waits`
    says.
    """

    def __init__(
        self,
        nodes: Informer[Node],
        pods: Informer[Pod],
        client: NodeServiceClient,
        removal: Removal,
        waits: Waits,
        pace: Pace,
        grace: float,
    ) -> None:
        self._nodes = nodes
        self._pods = pods
        self._client = client
        self._removal = removal
        self._waits = waits
        self._pace = pace
        self._grace = grace
        self._pause = grace / LOOKS_PER_GRACE
        self._sight = Sight(BLIND_AFTER_LOOKS * self._pause)
        self._held = ""
        nodes.on_change(self._changed)

    async def run(self) -> None:
        """Look again and again; raises what the apiserver says when it does not answer."""
        await self._nodes.synced()
        await self._pods.synced()
        while True:
            left = await self._look()
            await asyncio.sleep(min(self._pause, BUSY_SECONDS) if left else self._pause)

    async def _look(self) -> int:
        """Delete what may be deleted now, and say how many pods wait for their turn."""
        # Who does not follow the store is as blind as if it did not answer.
        if not (self._nodes.in_touch and self._pods.in_touch):
            return 0
        await store_answers(self._client)
        now = time.monotonic()
        look = self._sight.looked(now)
        if look is not Look.NEXT:
            self._waits.anew(now)
        if look is Look.AFTER_BLINDNESS:
            logger.info("eviction: could not see for a while, every node is waited for anew")
        return await self._evict(now)

    async def _evict(self, now: float) -> int:
        hosts = self._by_node()
        nodes = {name: node for (_, name), node in self._nodes.objects.items()}
        doomed, held = decide(self._waits, nodes, hosts.keys(), now, self._grace)
        self._tell_held(held)
        self._removal.end(doomed)
        chosen = [(one, pods) for one in doomed if (pods := victims(one, hosts.get(one.name, ())))]
        wanted = sum(len(pods) for _, pods in chosen)
        granted = left = self._pace.take(wanted, now)
        for one, pods in chosen:
            if left and await self._is_confirmed(one):
                await self._delete(one, pods, left)
                left -= min(left, len(pods))
        return wanted - granted

    def _by_node(self) -> Mapping[str, Sequence[Pod]]:
        found = defaultdict(list)
        for pod in self._removal.remaining(self._pods.objects.values()):
            if pod.spec.node_name:
                found[pod.spec.node_name].append(pod)
        return found

    async def _is_confirmed(self, doomed: Doomed) -> bool:
        """Read the node afresh: the watch may be behind. What is found counts at once."""
        try:
            node = (await self._client.get_node(GetNodeRequest(name=doomed.name), timeout=ANSWER_SECONDS)).node
        except grpc.aio.AioRpcError as error:
            if not isinstance(problem := from_rpc(error), NotFound):
                raise problem from error
            return is_confirmed(doomed, None)
        self._waits.see(node, time.monotonic())
        return is_confirmed(doomed, node)

    async def _delete(self, doomed: Doomed, pods: Sequence[Pod], most: int) -> None:
        self._removal.begin(doomed, len(pods))
        for pod in pods[:most]:
            await self._removal.delete(doomed, pod)

    def _tell_held(self, held: str) -> None:
        if held and held != self._held:
            logger.warning("eviction: nobody's pods are deleted for their node's silence: %s", held)
        elif self._held and not held:
            logger.info("eviction: silence is believed again, every node is waited for anew")
        self._held = held

    def _changed(self, _kind: EventType, old: Node | None, new: Node | None) -> None:
        if new is not None:
            self._waits.see(new, time.monotonic())
        elif old is not None:
            self._waits.lose(old.metadata.name, time.monotonic())
