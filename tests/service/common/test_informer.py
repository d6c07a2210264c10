"""The informer against a real server that loses, delays and forgets things."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from peapod.common import process
from peapod.common.errors import Invalid
from peapod.common.follower import Key
from peapod.common.informer import Informer, pods
from peapod.common.server import Server
from peapod.v1.meta_pb2 import EVENT_TYPE_ADDED, EVENT_TYPE_DELETED, EVENT_TYPE_MODIFIED, EventType
from peapod.v1.pod_pb2 import Pod
from peapod.v1.pod_service_rpc import PodServiceClient
from tests.support.fake_pods import FakePods
from tests.support.wire import Wire, wire_to

SIGNS = {EVENT_TYPE_ADDED: "+", EVENT_TYPE_MODIFIED: "~", EVENT_TYPE_DELETED: "-"}


class Follower:
    """An informer that runs, and what it told: `+a` added, `~a` modified, `-a` deleted."""

    def __init__(self, client: PodServiceClient, **settings: float) -> None:
        self.informer = Informer(pods(client), name="pods", **settings)
        self.informer.on_change(self._told)
        self.told: list[str] = []
        self.versions: list[int] = []
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self.informer.run())

    def _told(self, kind: EventType, old: Pod | None, new: Pod | None) -> None:
        either = new or old
        assert either is not None
        assert (old is None, new is None) == (kind == EVENT_TYPE_ADDED, kind == EVENT_TYPE_DELETED)
        assert self.informer.objects.get(("default", either.metadata.name)) is new
        self.told.append(SIGNS[kind] + either.metadata.name)
        if new is not None:
            self.versions.append(new.metadata.resource_version)
        self._news.set()

    async def until_told(self, what: str) -> None:
        while what not in self.told:
            self._news.clear()
            await self._news.wait()

    @property
    def names(self) -> set[str]:
        return {name for _, name in self.informer.objects}


@pytest.fixture
async def server(serve: Callable[..., Awaitable[Server]], fake: FakePods) -> Server:
    return await serve(fake)


@pytest.fixture
async def wire(server: Server) -> AsyncGenerator[Wire]:
    async with wire_to(server.address) as wire:
        yield wire


@pytest.fixture
async def follow(wire: Wire, connect: Callable[[str], PodServiceClient]) -> AsyncGenerator[Callable[..., Follower]]:
    """Start followers over the wire."""
    followers = []

    def start(**settings: float) -> Follower:
        followers.append(Follower(connect(wire.address), **settings))
        return followers[-1]

    yield start
    await process.end(*(follower.task for follower in followers))


async def test_it_has_what_exists_and_follows_what_changes(fake: FakePods, follow: Callable[..., Follower]) -> None:
    fake.put("a")
    fake.put("b")
    follower = follow()
    await follower.informer.synced()
    assert follower.told == ["+a", "+b"]
    assert follower.informer.revision == fake.revision
    fake.put("c", tier="web")
    fake.put("a", tier="db")
    fake.delete("b")
    await follower.informer.wait_for(fake.revision)
    assert follower.told[2:] == ["+c", "~a", "-b"]
    assert {key: dict(pod.metadata.labels) for key, pod in follower.informer.objects.items()} == {
        ("default", "a"): {"tier": "db"},
        ("default", "c"): {"tier": "web"},
    }


async def test_nothing_is_a_whole_snapshot_too(fake: FakePods, follow: Callable[..., Follower]) -> None:
    follower = follow()
    await follower.informer.synced()
    assert follower.told == []
    assert follower.informer.revision == fake.revision


async def test_a_bookmark_moves_the_revision(fake: FakePods, follow: Callable[..., Follower]) -> None:
    follower = follow()
    await follower.informer.synced()
    fake.bookmark()
    await follower.informer.wait_for(fake.revision)
    assert follower.told == []


async def test_objects_cannot_be_changed_from_outside(follow: Callable[..., Follower]) -> None:
    follower = follow()
    await follower.informer.synced()
    with pytest.raises(TypeError):
        follower.informer.objects["default", "x"] = Pod()  # type: ignore[index]


async def test_each_change_comes_once_and_in_order_through_lost_connections(
    fake: FakePods, wire: Wire, follow: Callable[..., Follower]
) -> None:
    follower = follow()
    await follower.informer.synced()
    for loss in range(5):
        for number in range(40):
            fake.put(f"pod-{loss}-{number}")
            if number % 13 == loss:
                await asyncio.sleep(0)
        if loss % 2:
            # Half of the losses come when all has arrived, half in the middle of it.
            await follower.informer.wait_for(fake.revision)
        wire.cut()
        fake.put(f"pod-{loss}-0", after="loss")
        await fake.until(opened=len(fake.opened) + 1)
    await follower.informer.wait_for(fake.revision)
    assert follower.versions == [revision for revision, _ in fake.history]
    assert fake.opened[0] == 0
    assert 0 not in fake.opened[1:]


async def test_it_resumes_where_the_server_ended_the_watch(
    fake: FakePods, follow: Callable[..., Follower], caplog: pytest.LogCaptureFixture
) -> None:
    follower = follow()
    await follower.informer.synced()
    fake.end_after = 1
    for name in "abc":
        fake.put(name)
        await follower.informer.wait_for(fake.revision)
    assert follower.told == ["+a", "+b", "+c"]
    assert fake.opened[:3] == [0, 2, 3]
    assert not caplog.records


async def test_after_a_restart_on_the_same_port_it_goes_on_soon(
    fake: FakePods, server: Server, wire: Wire, serve: Callable[..., Awaitable[Server]], follow: Callable[..., Follower]
) -> None:
    follower = follow()
    await follower.informer.synced()
    await server.stop(0)
    fake.put("a")
    await asyncio.sleep(1)
    again = await serve(fake, server.address)
    started = asyncio.get_running_loop().time()
    await follower.informer.wait_for(fake.revision)
    assert asyncio.get_running_loop().time() - started < 2.5
    assert follower.told == ["+a"]
    assert again.address == server.address


async def test_what_changed_while_history_was_lost_is_told(
    fake: FakePods, wire: Wire, follow: Callable[..., Follower]
) -> None:
    for name in ("gone", "changed", "same", "replaced"):
        fake.put(name)
    follower = follow()
    await follower.informer.synced()
    follower.told.clear()
    same = follower.informer.objects["default", "same"]

    wire.cut()
    fake.delete("gone")
    fake.put("changed", tier="web")
    fake.delete("replaced")
    fake.put("replaced")
    fake.put("new")
    fake.expire()

    await follower.informer.wait_for(fake.revision)
    assert follower.told == ["-gone", "~changed", "-replaced", "+replaced", "+new"]
    assert follower.informer.objects["default", "same"] is same
    assert fake.opened[-2:] == [5, 0]
    fake.put("later")
    await follower.informer.wait_for(fake.revision)
    assert follower.told[-1] == "+later"


async def test_a_store_that_was_replaced_is_believed(
    fake: FakePods,
    wire: Wire,
    serve: Callable[..., Awaitable[Server]],
    follow: Callable[..., Follower],
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in "abc":
        fake.put(name)
    follower = follow()
    await follower.informer.synced()
    follower.told.clear()
    fresh = FakePods()
    fresh.put("b")
    fresh.expire()
    wire.target = (await serve(fresh)).address
    wire.cut()
    await fresh.until(opened=2)
    fresh.put("d")
    await follower.informer.wait_for(2)
    await follower.until_told("+d")
    assert sorted(follower.told[:2]) == ["-a", "-c"]
    assert follower.told[2:] == ["-b", "+b", "+d"]
    assert follower.informer.revision == fresh.revision < fake.revision
    assert "pods: the store was replaced: from revision 4 to 2" in caplog.messages


async def test_half_a_snapshot_is_nothing(fake: FakePods, follow: Callable[..., Follower]) -> None:
    for name in "abcde":
        fake.put(name)
    fake.snapshot_most = 3
    follower = follow()
    await fake.until(opened=3)
    assert follower.told == []
    assert follower.informer.revision == 0
    fake.snapshot_most = None
    await follower.informer.synced()
    assert follower.told == ["+a", "+b", "+c", "+d", "+e"]


async def test_half_a_snapshot_deletes_nothing(fake: FakePods, wire: Wire, follow: Callable[..., Follower]) -> None:
    for name in "abcde":
        fake.put(name)
    follower = follow()
    await follower.informer.synced()
    follower.told.clear()
    revision = follower.informer.revision

    wire.cut()
    fake.delete("e")
    fake.expire()
    fake.snapshot_most = 2
    await fake.until(opened=4)
    assert follower.told == []
    assert follower.names == set("abcde")
    assert follower.informer.revision == revision

    fake.snapshot_most = None
    await follower.informer.wait_for(fake.revision)
    assert follower.told == ["-e"]


async def test_a_silent_server_is_left(fake: FakePods, follow: Callable[..., Follower]) -> None:
    follower = follow(stall_seconds=0.3)
    await follower.informer.synced()
    fake.silent = True
    fake.put("a")
    await fake.until(opened=2)
    fake.silent = False
    await fake.until(opened=3)
    await follower.informer.wait_for(fake.revision)
    assert follower.told == ["+a"]
    assert fake.opened[:2] == [0, 1]
    assert not follower.task.done()


async def test_a_connection_that_says_nothing_is_left(
    fake: FakePods, wire: Wire, follow: Callable[..., Follower]
) -> None:
    follower = follow(stall_seconds=0.3)
    await follower.informer.synced()
    wire.hold()
    fake.put("a")
    await asyncio.sleep(0.5)
    wire.release()
    await follower.informer.wait_for(fake.revision)
    assert follower.told == ["+a"]


async def test_bookmarks_keep_a_quiet_watch(fake: FakePods, follow: Callable[..., Follower]) -> None:
    follower = follow(stall_seconds=0.4)
    await follower.informer.synced()
    for _ in range(8):
        await asyncio.sleep(0.1)
        fake.bookmark()
        await follower.informer.wait_for(fake.revision)
    assert fake.opened == [0]


async def test_cancelling_leaves_no_watch_on_the_server(fake: FakePods, follow: Callable[..., Follower]) -> None:
    followers = [follow() for _ in range(10)]
    for follower in followers:
        await follower.informer.synced()
    assert fake.live == 10
    await process.end(*(follower.task for follower in followers))
    assert all(follower.task.cancelled() for follower in followers)
    await fake.until(live=0)


async def test_a_lost_watch_does_not_stay_on_the_server(
    fake: FakePods, wire: Wire, follow: Callable[..., Follower]
) -> None:
    follower = follow()
    await follower.informer.synced()
    for loss in range(3):
        wire.cut()
        await fake.until(opened=loss + 2)
        await fake.until(live=1)
    fake.put("a")
    await follower.informer.wait_for(fake.revision)


async def test_it_may_be_run_again_and_goes_on(fake: FakePods, follow: Callable[..., Follower]) -> None:
    follower = follow()
    await follower.informer.synced()
    await process.end(follower.task)
    fake.put("a")
    follower.task = asyncio.create_task(follower.informer.run())
    await follower.informer.wait_for(fake.revision)
    assert fake.opened == [0, 1]
    await process.end(follower.task)


async def test_a_callback_that_fails_stops_nobody(
    fake: FakePods, connect: Callable[[str], PodServiceClient], wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    informer = Informer(pods(connect(wire.address)), name="pods")
    told: list[Key] = []

    def fail(kind: EventType, old: Pod | None, new: Pod | None) -> None:
        raise RuntimeError("broken")

    informer.on_change(fail)
    informer.on_change(lambda kind, old, new: told.append(("default", new.metadata.name if new else "")))
    task = asyncio.create_task(informer.run())
    fake.put("a")
    await informer.synced()
    await process.end(task)
    assert told == [("default", "a")]
    assert [record.message for record in caplog.records] == ["pods: a callback failed at revision 0"]


async def test_selectors_that_are_refused_end_it(connect: Callable[[str], PodServiceClient], wire: Wire) -> None:
    with pytest.raises(Invalid, match="bad selector"):
        await Informer(pods(connect(wire.address), labels="!"), name="pods").run()


async def test_a_long_outage_is_told_once(
    fake: FakePods, wire: Wire, follow: Callable[..., Follower], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "peapod.common.follower")
    fake.snapshot_most = 0
    fake.put("a")
    follower = follow()
    await fake.until(opened=5)
    fake.snapshot_most = None
    await follower.informer.synced()
    assert lines(caplog) == ["pods: waits for the apiserver (UNAVAILABLE: cut off)", "pods: found the apiserver"]

    caplog.clear()
    fake.snapshot_most = 0
    wire.cut()
    fake.put("b")
    fake.expire()
    await fake.until(opened=len(fake.opened) + 4)
    fake.snapshot_most = None
    await follower.informer.wait_for(fake.revision)
    *lost, back = lines(caplog)
    assert back == "pods: the watch goes on"
    assert "pods: lost the watch (UNAVAILABLE: cut off), starting afresh" in lost
    assert len(lost) == len(set(lost)) <= 3


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.name == "peapod.common.follower"]
