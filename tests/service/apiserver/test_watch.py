"""Watches: every change once and in order, through selectors, across restarts, to the end of the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from peapod.apiserver import kinds
from peapod.common import errors
from peapod.common.watching import lane
from peapod.v1 import meta_pb2, pod_pb2
from peapod.v1 import pod_service_pb2 as pods
from tests.support.apiserver import Api, connected, running_apiserver
from tests.support.objects import make_pod

ADDED, MODIFIED, DELETED = meta_pb2.EVENT_TYPE_ADDED, meta_pb2.EVENT_TYPE_MODIFIED, meta_pb2.EVENT_TYPE_DELETED

Seen = tuple[meta_pb2.EventType, str]


async def create(api: Api, name: str, **settings: object) -> pod_pb2.Pod:
    return (await api.pods.create_pod(pods.CreatePodRequest(pod=make_pod(name, **settings)))).pod  # type: ignore[arg-type]


async def delete(api: Api, name: str) -> None:
    await api.pods.delete_pod(pods.DeletePodRequest(name=name))


async def relabel(api: Api, name: str, **labels: str) -> None:
    pod = (await api.pods.get_pod(pods.GetPodRequest(name=name))).pod
    pod.metadata.labels.clear()
    pod.metadata.labels.update(labels)
    await api.pods.update_pod(pods.UpdatePodRequest(pod=pod))


async def take(stream: AsyncIterator[pods.WatchPodsResponse], count: int) -> tuple[list[Seen], int]:
    """Read until `count` changes have come, and return them with the revision that they reach."""
    seen: list[Seen] = []
    revision = 0
    while len(seen) < count or not revision:
        batch = await anext(stream)
        seen += [(change.type, change.pod.metadata.name) for change in batch.events]
        revision = batch.revision
    assert len(seen) == count
    return seen, revision


async def test_what_exists_comes_first_then_every_change(api: Api) -> None:
    await create(api, "a")
    await create(api, "b")
    async with api.pods.watch_pods(pods.WatchPodsRequest()) as stream:
        changes = aiter(stream)
        assert (await take(changes, 2))[0] == [(ADDED, "a"), (ADDED, "b")]
        await create(api, "c")
        await relabel(api, "a", tier="front")
        await delete(api, "b")
        assert (await take(changes, 3))[0] == [(ADDED, "c"), (MODIFIED, "a"), (DELETED, "b")]


async def test_a_watch_of_nothing_says_so_at_once(api: Api) -> None:
    async with api.pods.watch_pods(pods.WatchPodsRequest(namespace="empty")) as stream:
        assert await take(aiter(stream), 0)


async def test_objects_enter_and_leave_a_selection(api: Api) -> None:
    await create(api, "a", labels={"tier": "front"})
    await create(api, "b")
    request = pods.WatchPodsRequest(label_selector="tier=front")
    async with api.pods.watch_pods(request) as stream:
        changes = aiter(stream)
        assert (await take(changes, 1))[0] == [(ADDED, "a")]
        await relabel(api, "b", tier="front")
        await relabel(api, "b", tier="front", env="prod")
        await relabel(api, "a", tier="back")
        await delete(api, "a")
        await delete(api, "b")
        expected = [(ADDED, "b"), (MODIFIED, "b"), (DELETED, "a"), (DELETED, "b")]
        assert (await take(changes, 4))[0] == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("tier", [ADDED, MODIFIED, MODIFIED, DELETED, ADDED, DELETED]),
        ("tier=front", [ADDED, DELETED, ADDED, DELETED, ADDED, DELETED]),
        ("tier!=front", [ADDED, DELETED, ADDED, DELETED, ADDED, DELETED]),
        ("tier in (front, back)", [ADDED, MODIFIED, MODIFIED, DELETED, ADDED, DELETED]),
        ("tier notin (back)", [ADDED, MODIFIED, DELETED, ADDED, MODIFIED, MODIFIED, DELETED]),
        ("tier=front,env=prod", []),
    ],
)
async def test_each_kind_of_selection_is_entered_and_left_also_by_who_resumes(
    api: Api, selector: str, expected: list[meta_pb2.EventType]
) -> None:
    start = (await api.pods.list_pods(pods.ListPodsRequest())).revision
    await create(api, "a")
    for tier in ("front", "back", "front", "", "front"):
        await relabel(api, "a", **({"tier": tier} if tier else {}))
    await delete(api, "a")
    await create(api, "end", labels={"tier": "front"}, namespace="other")
    request = pods.WatchPodsRequest(label_selector=selector, revision=start, namespace="default")
    async with api.pods.watch_pods(request) as stream:
        seen, reached = await take(aiter(stream), len(expected))
    assert [kind for kind, _ in seen] == expected
    assert reached > start
    for skipped, version in enumerate(await _versions(api, selector, start)):
        request = pods.WatchPodsRequest(label_selector=selector, revision=version, namespace="default")
        async with api.pods.watch_pods(request) as stream:
            rest, _ = await take(aiter(stream), len(expected) - skipped - 1)
        assert [kind for kind, _ in rest] == expected[skipped + 1 :]


async def _versions(api: Api, selector: str, start: int) -> list[int]:
    """The versions of all changes that a selection saw since."""
    request = pods.WatchPodsRequest(label_selector=selector, revision=start, namespace="default")
    found: list[int] = []
    async with api.pods.watch_pods(request) as stream:
        async for batch in stream:
            found += [change.pod.metadata.resource_version for change in batch.events]
            if batch.revision:
                return found
    return found


async def test_a_deletion_shows_the_last_state_at_its_own_version(api: Api) -> None:
    created = await create(api, "a", labels={"tier": "front"})
    async with api.pods.watch_pods(
        pods.WatchPodsRequest(revision=created.metadata.resource_version, label_selector="tier")
    ) as stream:
        await relabel(api, "a", other="x")
        batch = await anext(aiter(stream))
        while not batch.events:
            batch = await anext(aiter(stream))
        (change,) = batch.events
        assert change.type == DELETED
        assert change.pod.metadata.labels == {"tier": "front"}
        assert change.pod.metadata.resource_version > created.metadata.resource_version


async def test_a_node_sees_the_pods_that_are_bound_to_it(api: Api) -> None:
    await create(api, "a")
    async with api.pods.watch_pods(pods.WatchPodsRequest(field_selector="spec.node_name=n1")) as stream:
        changes = aiter(stream)
        await take(changes, 0)
        bindings = [pods.Binding(name="a", node_name="n1")]
        await api.pods.bind_pods(pods.BindPodsRequest(bindings=bindings))
        assert (await take(changes, 1))[0] == [(ADDED, "a")]
        await create(api, "other", node="n2")
        await delete(api, "a")
        assert (await take(changes, 1))[0] == [(DELETED, "a")]


async def test_a_watch_resumes_where_it_was(api: Api) -> None:
    first = await create(api, "a")
    await create(api, "b")
    await delete(api, "a")
    request = pods.WatchPodsRequest(revision=first.metadata.resource_version)
    async with api.pods.watch_pods(request) as stream:
        seen, revision = await take(aiter(stream), 2)
        assert seen == [(ADDED, "b"), (DELETED, "a")]
    await create(api, "c")
    async with api.pods.watch_pods(pods.WatchPodsRequest(revision=revision)) as stream:
        assert (await take(aiter(stream), 1))[0] == [(ADDED, "c")]


async def test_a_watch_resumes_across_a_restart_even_with_selectors(store: str) -> None:
    async with running_apiserver(store) as api:
        first = await create(api, "a", labels={"tier": "front"})
        await create(api, "b", labels={"tier": "front"})
        await relabel(api, "b", tier="back")
        await delete(api, "a")
    request = pods.WatchPodsRequest(revision=first.metadata.resource_version, label_selector="tier=front")
    async with running_apiserver(store) as api, api.pods.watch_pods(request) as stream:
        expected = [(ADDED, "b"), (DELETED, "b"), (DELETED, "a")]
        assert (await take(aiter(stream), 3))[0] == expected


@pytest.mark.parametrize("revision", [1, 1 << 40])
async def test_a_revision_of_another_time_is_expired(store: str, revision: int) -> None:
    async with running_apiserver(store, history=4) as api:
        for number in range(8):
            await create(api, f"p{number}")
        async with api.pods.watch_pods(pods.WatchPodsRequest(revision=revision)) as stream:
            with pytest.raises(grpc.RpcError) as caught:
                await anext(aiter(stream))
        assert isinstance(errors.from_rpc(caught.value), errors.Expired)


async def test_a_revision_of_another_store_is_expired(store: str, tmp_path: Path) -> None:
    """Though it is a revision that this one has too."""
    async with running_apiserver(tmp_path / "before.db") as api:
        await create(api, "a")
        before = await api.pods.list_pods(pods.ListPodsRequest())
    async with running_apiserver(store) as api:
        newest = await create(api, "b")
        while newest.metadata.resource_version <= before.revision:
            newest = await create(api, f"b{newest.metadata.resource_version}")
        request = pods.WatchPodsRequest(revision=before.revision, store_id=before.store_id)
        async with api.pods.watch_pods(request) as stream:
            with pytest.raises(grpc.RpcError) as caught:
                await anext(aiter(stream))
        assert isinstance(errors.from_rpc(caught.value), errors.Expired)


async def test_each_position_names_its_store(store: str) -> None:
    async with running_apiserver(store) as api:
        first = await create(api, "a")
        listing = await api.pods.list_pods(pods.ListPodsRequest())
    async with running_apiserver(store) as api:
        for revision in (0, first.metadata.resource_version - 1):
            request = pods.WatchPodsRequest(revision=revision, store_id=listing.store_id)
            async with api.pods.watch_pods(request) as stream:
                changes = aiter(stream)
                assert (await anext(changes)).store_id == listing.store_id != ""
                await create(api, f"after-{revision}")
                assert (await anext(changes)).store_id == listing.store_id


async def test_an_idle_watcher_gets_bookmarks(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api.pods.watch_pods(pods.WatchPodsRequest(namespace="quiet")) as stream:
        changes = aiter(stream)
        _, before = await take(changes, 0)
        created = await create(api, "elsewhere")
        reached = before
        while reached < created.metadata.resource_version:
            batch = await anext(changes)
            assert not batch.events
            reached = batch.revision


@pytest.fixture(autouse=True)
def _frequent_bookmarks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "bookmarks" in request.node.name or "oldest" in request.node.name:
        monkeypatch.setattr(kinds, "BOOKMARK_SECONDS", 0.05)


async def test_the_oldest_watches_end_in_good_order(store: str) -> None:
    async with running_apiserver(store, watch_seconds=0.1) as api:
        async with api.pods.watch_pods(pods.WatchPodsRequest()) as stream:
            revisions = [batch.revision async for batch in stream]
        assert revisions


async def test_a_stopping_server_sends_everything_and_then_says_goodbye(store: str) -> None:
    async with running_apiserver(store) as api:
        stream_of = api.pods.watch_pods(pods.WatchPodsRequest())
        async with stream_of as stream:
            changes = aiter(stream)
            await take(changes, 0)
            for number in range(50):
                await create(api, f"p{number:02}")
            goodbye = asyncio.create_task(_read_to_the_end(changes))
            stopping = asyncio.create_task(api.apiserver.stop())
            seen, error = await goodbye
            await stopping
    assert seen == [f"p{number:02}" for number in range(50)]
    assert isinstance(error, errors.Unavailable)


async def _read_to_the_end(changes: AsyncIterator[pods.WatchPodsResponse]) -> tuple[list[str], errors.PeapodError]:
    seen: list[str] = []
    try:
        while True:
            seen += [change.pod.metadata.name for change in (await anext(changes)).events]
    except grpc.RpcError as error:
        return seen, errors.from_rpc(error)


async def test_many_writers_and_many_watchers_agree(api: Api) -> None:
    """Every watcher sees every change of 16 writers once and in one order, whenever it began."""
    start = (await api.pods.list_pods(pods.ListPodsRequest())).revision

    async def write(writer: int) -> None:
        for number in range(10):
            await create(api, f"w{writer}-{number}")
            await relabel(api, f"w{writer}-{number}", tier="front")
        for number in range(5):
            await delete(api, f"w{writer}-{number}")

    async def watch() -> list[tuple[int, meta_pb2.EventType, str]]:
        seen: list[tuple[int, meta_pb2.EventType, str]] = []
        async with api.pods.watch_pods(pods.WatchPodsRequest(revision=start)) as stream:
            changes = aiter(stream)
            while len(seen) < 16 * 25:
                for change in (await anext(changes)).events:
                    seen.append((change.pod.metadata.resource_version, change.type, change.pod.metadata.name))
        return seen

    early = [asyncio.create_task(watch()) for _ in range(4)]
    await asyncio.gather(*(write(writer) for writer in range(16)))
    histories = [await watcher for watcher in early] + [await watch()]
    assert all(history == histories[0] for history in histories)
    versions = [version for version, _, _ in histories[0]]
    assert versions == sorted(versions)
    assert len(set(histories[0])) == 16 * 25


async def test_a_watcher_that_does_not_read_is_cut_and_resumes(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "KEEP_BYTES", 1 << 20)
    async with running_apiserver(store) as api, connected(api.address) as slow:
        async with slow.pods.watch_pods(pods.WatchPodsRequest()) as stream:
            changes = aiter(stream)
            _, revision = await take(changes, 0)
            big = make_pod("big", labels={"a": "b"})
            big.metadata.annotations["pad"] = "x" * 60_000
            names = [f"big-{number:03}" for number in range(400)]
            for name in names:
                big.metadata.name = name
                await api.pods.create_pod(pods.CreatePodRequest(pod=big))
            seen, error, revision = await _until_cut(changes, revision)
        assert isinstance(error, errors.SlowWatcher)
        async with slow.pods.watch_pods(pods.WatchPodsRequest(revision=revision)) as stream:
            rest, _ = await take(aiter(stream), len(names) - len(seen))
        assert seen + [name for _, name in rest] == names


async def _until_cut(
    changes: AsyncIterator[pods.WatchPodsResponse], revision: int
) -> tuple[list[str], errors.PeapodError, int]:
    seen: list[str] = []
    try:
        while True:
            batch = await anext(changes)
            seen += [change.pod.metadata.name for change in batch.events]
            revision = batch.revision
    except grpc.RpcError as error:
        return seen, errors.from_rpc(error), revision


async def test_a_client_that_leaves_leaves_nothing_behind(tmp_path: Path) -> None:
    async with running_apiserver(tmp_path / "db") as api:
        fanout = api.apiserver.kinds.fanouts["pods"]
        for _ in range(20):
            async with api.pods.watch_pods(pods.WatchPodsRequest(label_selector="a=b")) as stream:
                await anext(aiter(stream))
        await fanout.idle()
        assert not fanout.watchers
