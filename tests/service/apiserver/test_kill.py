"""kill -9 at any moment: what was acknowledged is there once, and who resumes has missed nothing."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from peapod.v1 import pod_service_pb2 as pods
from tests.support.apiserver import Api, connected, running_apiserver
from tests.support.creation import Creation
from tests.support.etcd import running_etcd
from tests.support.histories import History, answered, create_surely
from tests.support.objects import make_pod
from tests.support.service_process import ServiceProcess, running

PODS = 1000
KILLS = 4


async def create_while(api: Api, trouble: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Create pods and watch them while `trouble` goes on, and hold what is there against what was promised."""
    start = (await api.pods.list_pods(pods.ListPodsRequest())).revision
    names = [f"pod-{number:04}" for number in range(PODS)]
    histories = [History(api.pods, start) for _ in range(3)]
    watching = [asyncio.create_task(history.follow(is_of("last"))) for history in histories]
    done = asyncio.Event()
    troubling = asyncio.create_task(trouble(done))
    creation = Creation(api, map(make_pod, names))
    creation.finish(PODS)
    await creation.run()
    done.set()
    await troubling
    await create_surely(api.pods, make_pod("last"))
    await asyncio.wait_for(asyncio.gather(*watching), 60)

    listing = await answered(lambda: api.pods.list_pods(pods.ListPodsRequest()))
    listed = [pod.metadata.name for pod in listing.items]
    assert Counter(listed) == Counter([*names, "last"])
    assert creation.acknowledged <= set(listed)
    for history in histories:
        assert Counter(change.pod.metadata.name for change in history.changes) == Counter(listed)
        versions = [change.pod.metadata.resource_version for change in history.changes]
        assert versions == sorted(versions)


def is_of(name: str) -> Callable[[pods.PodChange], bool]:
    """Make a test for changes of one pod."""
    return lambda change: change.pod.metadata.name == name


async def kill_at_random(processes: list[ServiceProcess], done: asyncio.Event) -> None:
    """Kill one after the other at random moments, each started again at once."""
    for _ in range(KILLS):
        victim = random.choice(processes)
        await moment(done)
        await victim.kill()
        await victim.start()


async def moment(done: asyncio.Event) -> None:
    """Let a random part of the work go by."""
    try:
        await asyncio.wait_for(done.wait(), random.uniform(0.02, 0.4))
    except TimeoutError:
        return


async def test_the_apiserver_is_killed_while_pods_are_created(store: str, tmp_path: Path) -> None:
    arguments = ["--store", store, "--log-level", "warning"]
    async with running("peapod.apiserver", arguments, tmp_path / "log") as server, connected(server.address) as api:
        await create_while(api, lambda done: kill_at_random([server], done))


@pytest.mark.etcd
async def test_one_of_two_apiservers_is_killed_and_the_other_serves(tmp_path: Path) -> None:
    with running_etcd() as etcd:
        arguments = ["--store", etcd.url, "--log-level", "warning"]
        async with (
            running("peapod.apiserver", arguments, tmp_path / "one") as one,
            running("peapod.apiserver", arguments, tmp_path / "two") as two,
            connected(f"{one.address},{two.address}") as api,
        ):
            await create_while(api, lambda done: kill_at_random([one, two], done))
            await one.kill()
            listing = await answered(lambda: api.pods.list_pods(pods.ListPodsRequest()))
            assert len(listing.items) == PODS + 1


@pytest.mark.etcd
async def test_two_apiservers_serve_the_same_objects_and_watches() -> None:
    with running_etcd() as etcd:
        async with (
            running_apiserver(etcd.url) as one,
            running_apiserver(etcd.url) as two,
            two.pods.watch_pods(pods.WatchPodsRequest()) as stream,
        ):
            changes = aiter(stream)
            await anext(changes)
            created = (await one.pods.create_pod(pods.CreatePodRequest(pod=make_pod("web")))).pod
            assert (await two.pods.get_pod(pods.GetPodRequest(name="web"))).pod == created
            assert [change.pod async for change in _changes(changes, 1)] == [created]
            created.metadata.labels["seen"] = "yes"
            updated = (await two.pods.update_pod(pods.UpdatePodRequest(pod=created))).pod
            assert (await one.pods.get_pod(pods.GetPodRequest(name="web"))).pod == updated


@pytest.mark.etcd
async def test_etcd_is_killed_while_pods_are_created(tmp_path: Path) -> None:
    with running_etcd() as etcd:
        arguments = ["--store", etcd.url, "--log-level", "warning"]

        async def trouble(done: asyncio.Event) -> None:
            for _ in range(2):
                await moment(done)
                await asyncio.to_thread(etcd.kill)
                await asyncio.to_thread(etcd.restart)

        async with (
            running("peapod.apiserver", arguments, tmp_path / "log") as server,
            connected(server.address) as api,
        ):
            await create_while(api, trouble)


async def _changes(batches: AsyncIterator[pods.WatchPodsResponse], count: int) -> AsyncIterator[pods.PodChange]:
    while count > 0:
        for change in (await anext(batches)).events:
            count -= 1
            yield change
