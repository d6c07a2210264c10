"""Events live for a time by the server's clock, and all together are no more than a number."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import pytest

from peapod.apiserver.cache import Item
from peapod.apiserver.event_expiry import EventExpiry
from peapod.apiserver.keys import object_key
from peapod.apiserver.storage.store import Put
from peapod.common import kinds
from peapod.v1.event_pb2 import Event
from peapod.v1.meta_pb2 import EVENT_TYPE_ADDED, EVENT_TYPE_DELETED
from tests.support.apiserver import Api, OwnApi, running_apiserver
from tests.support.clock import Clock
from tests.support.events import event, listed, messages, record
from tests.support.kinds import Objects

DAY = 86_400.0


def expiry_of(api: OwnApi, later: float = 0, *, most: int = 1000) -> EventExpiry:
    """The expiry of a server, some time later."""
    served = api.apiserver.kinds
    return EventExpiry(
        api.apiserver._store,
        served.feed,
        served.caches["events"],
        seconds=100,
        most=most,
        clock=lambda: time.time() + later,
    )


def told(numbers: Iterable[int]) -> set[str]:
    return {f"attempt {number}" for number in numbers}


async def until(api: Api, is_enough: Callable[[set[str]], bool]) -> None:
    """Watch until the messages of the events that are there are enough."""
    there: set[str] = set()
    async with Objects(kinds.EVENT, api.channel).watch() as stream:
        async for batch in stream:
            for change in batch.events:
                if change.type == EVENT_TYPE_ADDED:
                    there.add(change.event.message)
                elif change.type == EVENT_TYPE_DELETED:
                    there.remove(change.event.message)
            if is_enough(there):
                return


@pytest.mark.parametrize("ago", [DAY, 0, -DAY])
async def test_an_event_lives_by_the_servers_clock_whatever_its_reporters_says(store: str, ago: float) -> None:
    async with running_apiserver(store, event_seconds=100) as api:
        asked = event(0, ago=ago)
        asked.metadata.deletion_timestamp.seconds = 7
        before = time.time()
        await record(api, asked)
        stored = (await listed(api))["attempt 0"]
        assert before + 100 <= stored.metadata.deletion_timestamp.ToNanoseconds() / 1e9 <= time.time() + 100.001
        assert stored.last_timestamp == asked.last_timestamp, "it is the reporter's word"
        assert await expiry_of(api, 90).remove_due() == 0
        assert await expiry_of(api, 101).remove_due() == 1
        assert await messages(api) == set()


async def test_a_repeat_lets_an_event_live_longer_and_an_update_does_not(store: str) -> None:
    async with running_apiserver(store, event_seconds=100) as api:
        await record(api, event(0))
        first = (await listed(api))["attempt 0"]
        edited = Event.FromString(first.SerializeToString())
        edited.metadata.labels["seen"] = "yes"
        edited.metadata.deletion_timestamp.seconds += 1000
        updated = await Objects(kinds.EVENT, api.channel).update(edited)
        assert updated.metadata.deletion_timestamp == first.metadata.deletion_timestamp
        await record(api, event(0, ago=DAY))
        again = (await listed(api))["attempt 0"]
        assert again.count == 2
        assert again.metadata.deletion_timestamp.ToNanoseconds() > first.metadata.deletion_timestamp.ToNanoseconds()


async def test_of_too_many_those_go_that_were_told_first(store: str) -> None:
    """Reporters whose clocks are ahead keep no place for theirs, and those behind lose none."""
    async with running_apiserver(store, events_most=20) as api:
        await record(api, *(event(number, ago=-DAY) for number in range(15)))
        await record(api, *(event(number, ago=DAY) for number in range(15, 25)))
        await until(api, lambda there: len(there) <= 18 and told(range(15, 25)) <= there)
        assert told(range(15, 25)) <= await messages(api)


async def test_those_that_are_there_at_the_start_are_too_many_as_well(store: str) -> None:
    async with running_apiserver(store) as api:
        await record(api, *(event(number, ago=-DAY) for number in range(21)))
        await record(api, *(event(number) for number in range(21, 30)))
    async with running_apiserver(store, events_most=10) as api:
        await until(api, told(range(21, 30)).__eq__)


async def test_a_restart_changes_nothing_of_when_an_event_goes(store: str) -> None:
    async with running_apiserver(store, event_seconds=100) as api:
        await record(api, event(0))
        before = await listed(api)
    async with running_apiserver(store, event_seconds=5000) as api:
        assert await listed(api) == before
        assert await expiry_of(api, 101).remove_due() == 1


async def test_an_event_that_falls_due_while_the_server_rests_is_removed(store: str) -> None:
    async with running_apiserver(store, event_seconds=0.2) as api:
        await record(api, event(0, ago=-DAY))
        await until(api, {"attempt 0"}.__eq__)
        await until(api, set().__eq__)


async def test_two_servers_agree_on_when_an_event_goes(apis: list[OwnApi]) -> None:
    first, last = apis[0], apis[-1]
    await record(first, event(0, ago=DAY))
    due = (await listed(last))["attempt 0"].metadata.deletion_timestamp.ToNanoseconds() / 1e9
    await record(last, event(0, ago=-DAY))
    assert [await expiry_of(api, due - time.time()).remove_due() for api in apis] == [0] * len(apis), "it was repeated"
    assert [await expiry_of(api, 3601).remove_due() for api in apis] == [1, 0][: len(apis)]
    assert [await messages(api) for api in apis] == [set()] * len(apis)


async def put(api: OwnApi, stored: Event) -> None:
    """Store an event as another server may have."""
    key = object_key(kinds.EVENT.plural, "default", stored.metadata.name)
    await api.apiserver._store.commit([Put(key, stored.SerializeToString(), expect=0)])
    await api.apiserver.kinds.feed.fresh()


async def test_an_event_that_has_less_time_than_all_others_wakes_the_server(store: str) -> None:
    async with running_apiserver(store) as api:
        await record(api, event(0))
        soon = event(1)
        soon.metadata.name, soon.metadata.namespace = "soon", "default"
        soon.metadata.deletion_timestamp.FromNanoseconds(time.time_ns() - 1)
        await put(api, soon)
        await until(api, {"attempt 0"}.__eq__)


async def test_an_event_without_a_deletion_time_has_its_time_from_when_it_is_seen(store: str) -> None:
    async with running_apiserver(store) as api:
        clock = Clock()
        served = api.apiserver.kinds
        events = served.caches["events"]
        expiry = EventExpiry(api.apiserver._store, served.feed, events, seconds=100, most=1000, clock=clock)
        old = event(0, ago=-DAY)
        old.metadata.name, old.metadata.namespace = "old", "default"
        await put(api, old)
        clock.now = 99.0
        await served.feed.load()
        assert await expiry.remove_due() == 0
        clock.now = 100.0
        assert await expiry.remove_due() == 1, "that the cache started afresh gives it no more time"


async def test_events_are_not_decoded_again_to_see_which_are_due(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_apiserver(store, event_seconds=100) as api:
        await record(api, *map(event, range(500)))
        now, later = expiry_of(api), expiry_of(api, 101)
        reads: list[str] = []
        slot = Item.__dict__["data"]

        def read(item: Item) -> bytes:
            reads.append(item.key)
            return bytes(slot.__get__(item))

        monkeypatch.setattr(Item, "data", property(read, slot.__set__))
        assert [len(await listed(api)), len(reads)] == [500, 500], "a list reads them, once"
        reads.clear()
        assert [await now.remove_due() for _ in range(3)] == [0, 0, 0]
        assert reads == []
        assert [await later.remove_due() for _ in range(3)] == [500, 0, 0]
        assert len(reads) == len(set(reads)), "the cache measures each that goes, once"
