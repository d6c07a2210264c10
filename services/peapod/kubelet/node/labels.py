"""The labels of the node, by which pods select it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

import grpc.aio

from peapod.common.backoff import Backoff
from peapod.common.errors import from_rpc
from peapod.v1 import pod_pb2
from peapod.v1.node_service_pb2 import GetNodeRequest
from peapod.v1.node_service_rpc import NodeServiceClient

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0


class NodeLabels:
    """What the node was told, and what the apiserver says when that is not enough: operators label nodes there."""

    def __init__(self, client: NodeServiceClient, node_name: str, configured: Mapping[str, str]) -> None:
        self._client = client
        self._node_name = node_name
        self._labels = configured
        self._asking: set[str] = set()
        self._answered: set[str] = set()
        self._asked = asyncio.Event()
        self._said = ""
        self._on_change: list[Callable[[], None]] = []

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back when `judging` may answer where it did not."""
        self._on_change.append(callback)

    def judging(self, pod: pod_pb2.Pod) -> Mapping[str, str] | None:
        """The labels by which to judge a pod; None while the apiserver is asked, as those that are known do not fit.

        The scheduler may have seen labels that are newer than any that this node has heard of.
        """
        uid = pod.metadata.uid
        if pod.spec.node_selector.items() <= self._labels.items() or uid in self._answered:
            self._answered.discard(uid)
            return self._labels
        self._asking.add(uid)
        self._asked.set()
        return None

    async def run(self) -> None:
        """Ask whenever it is needed, until cancelled."""
        backoff = Backoff(0.2, 5)
        while True:
            await self._asked.wait()
            uids = set(self._asking)
            try:
                answer = await self._client.get_node(GetNodeRequest(name=self._node_name), timeout=ANSWER_SECONDS)
            except grpc.aio.AioRpcError as error:
                self._say(from_rpc(error).message)
                await asyncio.sleep(backoff.next())
                continue
            backoff.reset()
            self._said = ""
            self._take(dict(answer.node.metadata.labels), uids)

    def _say(self, problem: str) -> None:
        if problem != self._said:
            logger.info("pods wait for the labels of this node: %s", problem)
        self._said = problem

    def _take(self, labels: Mapping[str, str], uids: set[str]) -> None:
        self._labels = labels
        self._answered |= uids
        self._asking -= uids
        if not self._asking:
            self._asked.clear()
        for callback in self._on_change:
            callback()
