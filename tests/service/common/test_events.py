"""The recorder against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import grpc.aio
import pytest

from peapod.common import errors, events, process
from peapod.common.errors import Forbidden, Invalid, PeapodError, TooMany, Unavailable
from peapod.common.events import Recorder
from peapod.common.server import Server
from peapod.v1 import event_service_pb2 as pb
from peapod.v1.event_pb2 import Event
from peapod.v1.event_service_rpc import DESCRIPTOR, EventServiceClient, EventServiceServicer, event_service_handler
from peapod.v1.meta_pb2 import ItemResult, ObjectMeta, ObjectReference
from peapod.v1.node_pb2 import Node
from peapod.v1.pod_pb2 import Pod


class FakeEvents(EventServiceServicer):
    """Keeps the batches that it takes; refuses whole calls with `error` and single events with `item_error`."""

    def __init__(self) -> None:
        self.batches: list[list[Event]] = []
        self.calls = 0
        self.error: PeapodError | None = None
        self.item_error: PeapodError | None = None
        self._called = asyncio.Event()

    async def record_events(self, request: pb.RecordEventsRequest, context: Any) -> pb.RecordEventsResponse:
        self.calls += 1
        self._called.set()
        self._called = asyncio.Event()
        if self.error:
            raise self.error
        self.batches.append(list(request.events))
        result = errors.to_item(self.item_error) if self.item_error else ItemResult()
        return pb.RecordEventsResponse(results=[result] * len(request.events))

    async def until_called(self, times: int) -> None:
        while self.calls < times:
            await self._called.wait()

    async def create_event(self, request: Any, context: Any) -> Any:
        raise errors.Unsupported("not here")

    get_event = list_events = update_event = delete_event = create_event

    async def watch_events(self, request: Any, context: Any) -> AsyncGenerator[pb.WatchEventsResponse, None]:
        raise errors.Unsupported("not here")
        yield


@pytest.fixture
async def fake() -> FakeEvents:
    return FakeEvents()


@pytest.fixture
async def server(fake: FakeEvents) -> AsyncGenerator[Server]:
    server = Server("127.0.0.1:0", "test", lambda guard: [event_service_handler(fake, guard)], [DESCRIPTOR.full_name])
    await server.start()
    yield server
    await server.stop(0)


@pytest.fixture
def recorder(server: Server, channel: Callable[[str], grpc.aio.Channel]) -> Recorder:
    return Recorder(EventServiceClient(channel(server.address)), "kubelet", "n1")


@pytest.fixture
async def running(recorder: Recorder) -> AsyncGenerator[asyncio.Task[None]]:
    task = asyncio.create_task(recorder.run())
    yield task
    await process.end(task)


def pod(name: str = "web", revision: int = 7) -> Pod:
    return Pod(metadata=ObjectMeta(name=name, namespace="prod", uid=f"uid-{name}", resource_version=revision))


async def test_what_is_recorded_arrives_in_one_batch(recorder: Recorder, fake: FakeEvents) -> None:
    recorder.record(pod(), "started", "Started container web.")
    recorder.record(Node(metadata=ObjectMeta(name="n1")), "online", "The node is back.")
    recorder.record(ObjectReference(kind="Pod", namespace="prod", name="x"), "failed", "No.")
    task = asyncio.create_task(recorder.run())
    await fake.until_called(1)
    await process.end(task)
    ((first, second, third),) = fake.batches
    assert first.involved_object == events.reference_to(pod())
    assert (first.reason, first.message, first.count) == ("started", "Started container web.", 1)
    assert (first.source.component, first.source.host) == ("kubelet", "n1")
    assert first.metadata == ObjectMeta(namespace="prod")
    assert first.first_timestamp == first.last_timestamp
    assert first.first_timestamp.seconds > 0
    assert (second.involved_object.kind, second.metadata.namespace) == ("Node", "default")
    assert third.involved_object.name == "x"


async def test_later_events_are_sent_as_they_come(
    recorder: Recorder, fake: FakeEvents, running: asyncio.Task[None]
) -> None:
    for number in range(3):
        recorder.record(pod(), "started", f"attempt {number}")
        await fake.until_called(number + 1)
    assert [[event.message for event in batch] for batch in fake.batches] == [
        ["attempt 0"],
        ["attempt 1"],
        ["attempt 2"],
    ]


async def test_repeats_that_wait_are_counted_whatever_the_revision(recorder: Recorder, fake: FakeEvents) -> None:
    for revision in range(50):
        recorder.record(pod(revision=revision), "failed", "It crashed.")
    recorder.record(pod("other"), "failed", "It crashed.")
    task = asyncio.create_task(recorder.run())
    await fake.until_called(1)
    await process.end(task)
    ((crashes, other),) = fake.batches
    assert (crashes.count, other.count) == (50, 1)
    assert crashes.involved_object.resource_version == "49"


async def test_an_outage_loses_nothing_and_is_told_once(
    recorder: Recorder,
    fake: FakeEvents,
    running: asyncio.Task[None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake.error = Unavailable("no store")
    recorder.record(pod(), "first", "1")
    await fake.until_called(1)
    recorder.record(pod(), "second", "2")
    await fake.until_called(2)
    recorder.record(pod(), "first", "1")
    fake.error = None
    await fake.until_called(3)
    ((first, second),) = fake.batches
    assert (first.reason, first.count, second.reason) == ("first", 2, "second")
    assert [record.message for record in caplog.records] == ["cannot send events (UNAVAILABLE: no store), trying again"]


@pytest.mark.parametrize("kind", [Invalid, Forbidden, TooMany])
async def test_what_the_server_will_not_take_is_dropped(
    recorder: Recorder,
    fake: FakeEvents,
    running: asyncio.Task[None],
    caplog: pytest.LogCaptureFixture,
    kind: type[PeapodError],
) -> None:
    fake.error = kind("bad batch")
    recorder.record(pod(), "first", "1")
    await fake.until_called(1)
    recorder.record(pod(), "second", "2")
    await fake.until_called(2)
    fake.error, fake.item_error = None, kind("bad event")
    recorder.record(pod(), "third", "3")
    await fake.until_called(3)
    fake.item_error = None
    recorder.record(pod(), "fourth", "4")
    await fake.until_called(4)
    assert [[event.reason for event in batch] for batch in fake.batches] == [["third"], ["fourth"]]
    assert [record.message for record in caplog.records] == [
        "events were refused: bad batch",
        "events were refused: bad event",
    ]


async def test_when_too_many_wait_the_oldest_go(
    recorder: Recorder, fake: FakeEvents, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(events, "WAITING_MOST", 10)
    monkeypatch.setattr(events, "BATCH_MOST", 4)
    for number in range(25):
        recorder.record(pod(), "event", str(number))
    task = asyncio.create_task(recorder.run())
    await fake.until_called(3)
    await process.end(task)
    assert [[int(event.message) for event in batch] for batch in fake.batches] == [
        [15, 16, 17, 18],
        [19, 20, 21, 22],
        [23, 24],
    ]
    assert [record.message for record in caplog.records] == [
        "dropped 15 events: they came faster than they could be sent"
    ]
