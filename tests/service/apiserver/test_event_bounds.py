"""Events never fill the store: each source has its limit, each event its time, and all together a number."""

from __future__ import annotations

import time

import grpc
import pytest

from peapod.apiserver.event_expiry import EventExpiry
from peapod.apiserver.event_limits import BURST
from peapod.common import errors, kinds
from peapod.v1.event_pb2 import Event
from peapod.v1.event_service_pb2 import RecordEventsRequest
from peapod.v1.meta_pb2 import EVENT_TYPE_ADDED, ItemResult
from tests.support.apiserver import Api, running_apiserver
from tests.support.kinds import Objects
from tests.support.refusals import refusal


def event(number: int, *, host: str = "n1", ago: float = 0) -> Event:
    told = Event(reason="failed", message=f"attempt {number}", source={"component": "kubelet", "host": host})
    told.last_timestamp.FromNanoseconds(int((time.time() - ago) * 1e9))
    return told


async def record(api: Api, *told: Event) -> list[ItemResult]:
    return list((await api.events.record_events(RecordEventsRequest(events=told))).results)


async def messages(api: Api) -> set[str]:
    listing = await Objects(kinds.EVENT, api.channel).call("List")
    return {found.message for found in listing.items}


async def test_a_source_beyond_its_limit_is_told_so_item_by_item(api: Api) -> None:
    results = await record(api, *map(event, range(BURST)))
    assert {result.code for result in results} == {0}
    results = await record(api, *(event(number) for number in range(BURST, 2 * BURST)))
    refused = [error for result in results if (error := errors.from_item(result))]
    assert len(refused) > BURST // 2
    assert {type(error) for error in refused} == {errors.TooMany}
    assert "kubelet n1 tells too many events in namespace default" in refused[0].message
    assert len(await messages(api)) == 2 * BURST - len(refused)
    single = event(1)
    single.metadata.name, single.metadata.namespace = "one", "default"
    while not isinstance(await outcome(api, single), errors.TooMany):
        single.metadata.name += "x"
    assert [result.code for result in await record(api, event(1, host="n2"))] == [0]


async def outcome(api: Api, told: Event) -> errors.PeapodError | None:
    """Create an event as any object; return what is said against it."""
    events = Objects(kinds.EVENT, api.channel)
    try:
        await events.create(told)
    except grpc.RpcError as problem:
        return errors.from_rpc(problem)
    return None


async def test_when_there_are_too_many_the_oldest_go(store: str) -> None:
    async with running_apiserver(store, events_most=20) as api:
        events = Objects(kinds.EVENT, api.channel)
        async with events.watch() as stream:
            await record(api, *(event(number, ago=1000 - number) for number in range(50)))
            there: set[str] = set()
            told = 0
            async for batch in stream:
                for change in batch.events:
                    is_new = change.type == EVENT_TYPE_ADDED
                    (there.add if is_new else there.remove)(change.event.message)
                    told += is_new
                if told == 50 and len(there) <= 20:
                    break
        assert {f"attempt {number}" for number in range(32, 50)} <= there
        assert there == await messages(api)


async def test_those_that_are_there_at_the_start_are_too_many_as_well(store: str) -> None:
    async with running_apiserver(store) as api:
        await record(api, *(event(number, ago=1000 - number) for number in range(30)))
    async with running_apiserver(store, events_most=10) as api, Objects(kinds.EVENT, api.channel).watch() as stream:
        left = {f"attempt {number}" for number in range(21, 30)}
        there: set[str] = set()
        async for batch in stream:
            for change in batch.events:
                (there.add if change.type == EVENT_TYPE_ADDED else there.remove)(change.event.message)
            if there == left:
                break


@pytest.mark.parametrize(("later", "left"), [(0, {"attempt 1", "attempt 2"}), (50, {"attempt 1"}), (101, set())])
async def test_an_event_is_gone_some_time_after_its_last_repeat(store: str, later: float, left: set[str]) -> None:
    async with running_apiserver(store) as api:
        await record(api, event(0, ago=101), event(1), event(2, ago=60), event(1))
        served = api.apiserver.kinds
        expiry = EventExpiry(
            api.apiserver._store,
            served.feed,
            served.caches["events"],
            seconds=100,
            most=1000,
            clock=lambda: time.time() + later,
        )
        assert await expiry.remove_due() == 3 - len(left)
        assert await messages(api) == left
        assert await expiry.remove_due() == 0


async def test_what_is_only_checked_takes_nothing_of_the_limit(api: Api) -> None:
    events = Objects(kinds.EVENT, api.channel)
    told = event(0)
    told.metadata.name = "a"
    for _ in range(BURST + 100):
        await events.create(told, validate_only=True)
    await events.create(told)
    assert isinstance(await refusal(events.create(told)), errors.AlreadyExists)
