"""What a listing promises: everything below its prefix, in order, as of one revision."""

from __future__ import annotations

import asyncio

from peapod.apiserver.storage.store import Delete, Put, Store
from tests.support.stores import Replay, put_all, replay


async def test_only_what_is_below_the_prefix_is_listed(store: Store) -> None:
    keys = ["/peapod/pods/default/a", "/peapod/pods/default2/a", "/peapod/podsy/default/a", "/peapod/nodes/a"]
    await put_all(store, keys)
    listing = await store.list("/peapod/pods/default/")
    assert [entry.key for entry in listing.entries] == keys[:1]
    assert len((await store.list("/peapod/pods/")).entries) == 2
    assert len((await store.list("/peapod/")).entries) == 4


async def test_entries_are_in_the_order_of_their_keys(store: Store) -> None:
    keys = [f"/peapod/pods/{name}" for name in ("b", "a-b", "a", "a.b", "B", "a/b", "ü", "z")]
    await put_all(store, keys)
    assert [entry.key for entry in (await store.list("/peapod/")).entries] == sorted(keys)


async def test_a_listing_of_many_pages_is_whole(store: Store) -> None:
    keys = [f"/peapod/pods/default/{i:04}" for i in range(2500)]
    await put_all(store, keys)
    listing = await store.list("/peapod/pods/")
    assert [entry.key for entry in listing.entries] == keys
    assert listing.revision == await store.revision()


async def test_a_listing_and_the_changes_after_it_are_the_whole_story(store: Store) -> None:
    """Writers create, change and delete all the while; any listing plus its watch ends in the same state."""
    done = asyncio.Event()

    async def write(number: int) -> None:
        for i in range(15):
            key = f"/peapod/pods/{number}/{i % 4}"
            await store.commit([Put(key, b"%d" % i), Put(f"{key}-twin", b"%d" % i)])
            if i % 3 == 2:
                await store.commit([Delete(key), Delete(f"{key}-twin")])

    async def list_often() -> None:
        while not done.is_set():
            history = await replay(store)
            twins = {key.removesuffix("-twin") for key in history.entries if key.endswith("-twin")}
            assert twins == {key for key in history.entries if not key.endswith("-twin")}
            assert all(entry.revision <= history.revision for entry in history.entries.values())
            histories.append(history)
            await asyncio.sleep(0.002)

    histories: list[Replay] = []
    lister = asyncio.create_task(list_often())
    await asyncio.gather(*(write(number) for number in range(16)))
    done.set()
    await lister
    assert len(histories) > 1
    end = await store.list("/peapod/")
    for history in histories[:: max(1, len(histories) // 10)]:
        await history.follow(store, await store.revision())
        assert sorted(history.entries.values(), key=lambda entry: entry.key) == end.entries
