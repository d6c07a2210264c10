"""Carries decisions out: many bindings in one call, while the next batch is being decided on."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence

import grpc

from peapod.common import process
from peapod.common.backoff import Backoff
from peapod.common.errors import PeapodError, from_item, from_rpc
from peapod.scheduler.assumed import Decision
from peapod.v1 import pod_service_pb2
from peapod.v1.meta_pb2 import ItemResult
from peapod.v1.pod_service_rpc import PodServiceClient

logger = logging.getLogger(__name__)

CALLS_MOST = 2
"""How many calls run at once: one that the apiserver works on, and one on its way."""

ANSWER_SECONDS = 30.0

_UNSURE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
"""The binding may have been stored or not. To bind again to the same node is safe, to decide again is not."""

Settled = Callable[[Decision, PeapodError | None], None]
Answer = tuple[Decision, PeapodError | None]


class Binder:
    """Sends batches of decisions, and tells each one's outcome once.

    `stands` says whether a decision still has to be carried out; one that does not is dropped in silence. A call
    whose outcome is unsure is repeated until it is sure.
    """

    def __init__(self, client: PodServiceClient, stands: Callable[[Decision], bool], settled: Settled) -> None:
        self._client = client
        self._stands = stands
        self._settled = settled
        self._calls: set[asyncio.Task[None]] = set()

    async def ready(self) -> None:
        """Wait until another call may start."""
        while len(self._calls) >= CALLS_MOST:
            await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)

    def send(self, decisions: Sequence[Decision]) -> None:
        """Start to carry the decisions out, in one call."""
        call = asyncio.create_task(self._settle(decisions), name="bind")
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def close(self) -> None:
        """Give up the calls that run; what they carry may be stored or not."""
        await process.end(*self._calls)

    async def _settle(self, decisions: Sequence[Decision]) -> None:
        try:
            await self._bind(decisions)
        except Exception as error:
            logger.exception("a batch of %d bindings failed", len(decisions))
            for decision in filter(self._stands, decisions):
                self._settled(decision, PeapodError(str(error)))

    async def _bind(self, decisions: Sequence[Decision]) -> None:
        backoff = Backoff(0.1, 5)
        told = ""
        while standing := [decision for decision in decisions if self._stands(decision)]:
            unsure = []
            for decision, problem in await self._ask(standing):
                if problem is not None and problem.code in _UNSURE:
                    unsure.append(decision)
                    why = f"{problem.code.name}: {problem.message}"
                else:
                    self._settled(decision, problem)
            if not unsure:
                return
            if told != (told := why):
                logger.warning("cannot bind %d pods (%s), trying again", len(unsure), why)
            decisions = unsure
            await asyncio.sleep(backoff.next() * random.uniform(0.5, 1.0))

    async def _ask(self, decisions: Sequence[Decision]) -> list[Answer]:
        request = pod_service_pb2.BindPodsRequest(bindings=[_binding(decision) for decision in decisions])
        try:
            response = await self._client.bind_pods(request, timeout=ANSWER_SECONDS)
        except grpc.RpcError as error:
            problem = from_rpc(error)
            return [(decision, problem) for decision in decisions]
        return [(decision, _problem(result)) for decision, result in zip(decisions, response.results, strict=True)]


def _binding(decision: Decision) -> pod_service_pb2.Binding:
    namespace, name = decision.pod.key
    return pod_service_pb2.Binding(namespace=namespace, name=name, uid=decision.pod.uid, node_name=decision.node)


def _problem(result: ItemResult) -> PeapodError | None:
    return from_item(result) if result.code else None
