"""kill -9 at any moment: what was acknowledged is there once, and who resumes has missed nothing."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import grpc
import pytest

from peapod.common import errors
from peapod.v1 import pod_service_pb2 as pods
from peapod.v1.pod_service_rpc import PodServiceClient
from tests.support.apiserver import Api, connected, running_apiserver
from tests.support.etcd import running_etcd
from tests.support.objects import make_pod
from tests.support.service_process import ServiceProcess, running

PODS = 1000
WRITERS = 16
KILLS = 4


async def create_through(client: PodServiceClient, names: Iterator[str]) -> list[str]:
    """Create each pod, again and again until it is acknowledged or said to be there; return the acknowledged."""
    acknowledged = []
    for name in names:
        while True:
            try:
                await client.create_pod(pods.CreatePodRequest(pod=make_pod(name)), timeout=10)
            except grpc.RpcError as error:
                if isinstance(errors.from_rpc(error), errors.AlreadyExists):
                    break
                await asyncio.sleep(0.01)
            else:
                acknowledged.append(name)
                break
    return acknowledged


class History:
    """What one watcher has seen, resuming at its last revision whenever its stream breaks."""

    def __init__(self, client: PodServiceClient, revision: int) -> None:
        self.seen: list[tuple[int, str]] = []
        self._client = client
        self._revision = revision

    async def follow(self, until: int) -> None:
        """Watch until `until` changes were seen."""
        while len(self.seen) < until:
            try:
                await self._read(until)
            except grpc.RpcError as error:
                if isinstance(errors.from_rpc(error), errors.Expired):
                    raise
                await asyncio.sleep(0.01)

    async def _read(self, until: int) -> None:
        async with self._client.watch_pods(pods.WatchPodsRequest(revision=self._revision)) as stream:
            async for batch in stream:
                for change in batch.events:
                    self.seen.append((change.pod.metadata.resource_version, change.pod.metadata.name))
                self._revision = batch.revision or self._revision
                if len(self.seen) >= until:
                    return


async def create_while(api: Api, trouble: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Create pods and watch them while `trouble` goes on, and hold what is there against what was promised."""
    start = (await api.pods.list_pods(pods.ListPodsRequest())).revision
    names = iter([f"pod-{number:04}" for number in range(PODS)])
    watchers = [History(api.pods, start) for _ in range(3)]
    following = [asyncio.create_task(watcher.follow(PODS)) for watcher in watchers]
    done = asyncio.Event()
    troubling = asyncio.create_task(trouble(done))
    acknowledged = await asyncio.gather(*(create_through(api.pods, names) for _ in range(WRITERS)))
    done.set()
    await troubling
    await asyncio.wait_for(asyncio.gather(*following), 60)

    listed = [pod.metadata.name for pod in (await api.pods.list_pods(pods.ListPodsRequest())).items]
    assert Counter(listed) == Counter(f"pod-{number:04}" for number in range(PODS))
    assert set().union(*acknowledged) <= set(listed)
    for watcher in watchers:
        assert Counter(name for _, name in watcher.seen) == Counter(listed)
        versions = [version for version, _ in watcher.seen]
        assert versions == sorted(versions)


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
            assert len((await api.pods.list_pods(pods.ListPodsRequest())).items) == PODS


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
