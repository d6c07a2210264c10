"""The binder against a PodService that stores bindings, and whose answers get lost when a test wants it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import grpc
import pytest

from peapod.common.channel import open_channel
from peapod.common.demand import Demand
from peapod.common.errors import Conflict, Invalid, PeapodError, TooLate, Unavailable, to_item
from peapod.common.rpc import unary_handler
from peapod.common.server import Server
from peapod.scheduler.assumed import Decision
from peapod.scheduler.binder import CALLS_MOST, Binder
from peapod.scheduler.queue import Pending
from peapod.v1 import meta_pb2
from peapod.v1 import pod_service_pb2 as pb
from peapod.v1.pod_service_rpc import PodServiceClient
from tests.support.objects import make_pod

OK = meta_pb2.ItemResult(resource_version=1)


class Pods:
    """Binds each pod once; `before` and `after` a call is stored, a test may interfere."""

    def __init__(self) -> None:
        self.nodes: dict[str, str] = {}
        self.calls: list[list[str]] = []
        self.before: list[Callable[[], Awaitable[None]]] = []
        self.after: list[Callable[[], Awaitable[None]]] = []
        self.extra: list[meta_pb2.ItemResult] = []

    async def bind(self, request: pb.BindPodsRequest, _context: Any) -> pb.BindPodsResponse:
        self.calls.append([binding.name for binding in request.bindings])
        if self.before:
            await self.before.pop(0)()
        results = [self._bind(binding) for binding in request.bindings]
        if self.after:
            await self.after.pop(0)()
        return pb.BindPodsResponse(results=[*results, *self.extra])

    def _bind(self, binding: pb.Binding) -> meta_pb2.ItemResult:
        if self.nodes.setdefault(binding.name, binding.node_name) != binding.node_name:
            return to_item(Conflict("bound already", reason="ALREADY_BOUND"))
        return OK


@pytest.fixture
def pods() -> Pods:
    return Pods()


@pytest.fixture
async def client(pods: Pods) -> AsyncGenerator[PodServiceClient]:
    server = Server(
        "127.0.0.1:0",
        "fake",
        lambda guard: [
            grpc.method_handlers_generic_handler(
                "peapod.v1.PodService",
                {"BindPods": unary_handler(guard("/peapod.v1.PodService/BindPods", pods.bind), pb.BindPodsRequest)},
            )
        ],
        [],
    )
    await server.start()
    channel = open_channel(server.address)
    try:
        yield PodServiceClient(channel)
    finally:
        await channel.close()
        await server.stop()


class Settled:
    """What the binder told, and which decisions still stand."""

    def __init__(self, client: PodServiceClient) -> None:
        self.outcomes: dict[str, PeapodError | None] = {}
        self.dropped: set[str] = set()
        self._changed = asyncio.Event()
        self.binder = Binder(client, lambda decision: decision.pod.key[1] not in self.dropped, self._settled)

    def _settled(self, decision: Decision, problem: PeapodError | None) -> None:
        assert decision.pod.key[1] not in self.outcomes, "each outcome is told once"
        self.outcomes[decision.pod.key[1]] = problem
        self._changed.set()

    async def all(self, count: int) -> dict[str, str]:
        """Wait for so many outcomes; return their reasons, empty for success."""
        async with asyncio.timeout(10):
            while len(self.outcomes) < count:
                self._changed.clear()
                await self._changed.wait()
        return {name: problem.reason if problem else "" for name, problem in self.outcomes.items()}


@pytest.fixture
async def settled(client: PodServiceClient) -> AsyncGenerator[Settled]:
    result = Settled(client)
    yield result
    await result.binder.close()


def decide(name: str, node: str = "n1") -> Decision:
    return Decision(Pending(("default", name), "1", Demand.of(make_pod(name))), node)


def losing(error: PeapodError) -> Callable[[], Awaitable[None]]:
    async def lose() -> None:
        raise error

    return lose


async def test_one_call_carries_the_batch(pods: Pods, settled: Settled) -> None:
    settled.binder.send([decide("a"), decide("b", "n2")])
    assert await settled.all(2) == {"a": "", "b": ""}
    assert pods.calls == [["a", "b"]]
    assert pods.nodes == {"a": "n1", "b": "n2"}


async def test_each_item_has_its_own_outcome(pods: Pods, settled: Settled) -> None:
    pods.nodes["a"] = "elsewhere"
    settled.binder.send([decide("a"), decide("b")])
    assert await settled.all(2) == {"a": "ALREADY_BOUND", "b": ""}


@pytest.mark.parametrize("loss", [losing(Unavailable("the store is away")), losing(TooLate("no answer"))])
async def test_an_unsure_call_is_repeated_until_it_is_sure(
    pods: Pods, settled: Settled, loss: Callable[[], Awaitable[None]]
) -> None:
    pods.after = [loss, loss]
    settled.binder.send([decide("a"), decide("b")])
    assert await settled.all(2) == {"a": "", "b": ""}
    assert pods.calls == [["a", "b"]] * 3


async def test_what_no_longer_stands_is_not_repeated(pods: Pods, settled: Settled) -> None:
    async def drop_one() -> None:
        settled.dropped.add("a")
        raise Unavailable("the store is away")

    pods.before = [drop_one]
    settled.binder.send([decide("a"), decide("b")])
    assert await settled.all(1) == {"b": ""}
    assert pods.calls == [["a", "b"], ["b"]]
    assert "a" not in pods.nodes


async def test_a_refused_call_fails_each_of_its_items(pods: Pods, settled: Settled) -> None:
    async def refuse() -> None:
        raise Invalid("too many")

    pods.before = [refuse]
    settled.binder.send([decide("a"), decide("b")])
    assert await settled.all(2) == {"a": "INVALID", "b": "INVALID"}


async def test_an_answer_that_makes_no_sense_fails_the_batch(
    pods: Pods, settled: Settled, caplog: pytest.LogCaptureFixture
) -> None:
    pods.extra = [OK]
    settled.binder.send([decide("a")])
    assert await settled.all(1) == {"a": "INTERNAL"}
    assert "a batch of 1 bindings failed" in caplog.text


async def test_so_many_calls_run_at_once(pods: Pods, settled: Settled) -> None:
    gate, arrived = asyncio.Event(), asyncio.Semaphore(0)

    async def wait() -> None:
        arrived.release()
        await gate.wait()

    pods.before = [wait] * CALLS_MOST
    async with asyncio.timeout(10):
        for number in range(CALLS_MOST):
            await settled.binder.ready()
            settled.binder.send([decide(str(number))])
        waiting = asyncio.create_task(settled.binder.ready())
        for _ in range(CALLS_MOST):
            await arrived.acquire()
        assert not waiting.done()
        gate.set()
        await waiting
