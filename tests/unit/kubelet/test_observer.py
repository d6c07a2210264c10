from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from peapod.common import process
from peapod.kubelet.observer import Observer
from peapod.kubelet.runtime.hollow import HollowRuntime
from peapod.kubelet.runtime.runtime import Launch, Observed, RuntimeUnavailable
from tests.support.pods import make_pod, seen


class CountingRuntime(HollowRuntime):
    """Counts how often it was listed, and is away when told to be."""

    def __init__(self) -> None:
        super().__init__()
        self.lists = 0
        self.asked: list[str] = []
        self.away = False

    async def list(self, uid: str = "") -> list[Observed]:
        self.lists += 1
        self.asked.append(uid)
        await asyncio.sleep(0)
        if self.away:
            raise RuntimeUnavailable("away")
        return await super().list(uid)


@pytest.fixture
async def runtime() -> CountingRuntime:
    return CountingRuntime()


@pytest.fixture
async def observer(runtime: CountingRuntime) -> AsyncGenerator[Observer]:
    observer = Observer(runtime)
    task = process.spawn(observer.run, "observer")
    yield observer
    await process.end(task)


async def start(runtime: HollowRuntime, uid: str) -> None:
    pod = make_pod(uid=uid)
    await runtime.start(Launch(seen(pod).name, pod, pod.spec.containers[0], "hollow/web"))


async def test_many_askers_share_a_list(observer: Observer, runtime: CountingRuntime) -> None:
    await observer.refresh()
    before = runtime.lists
    await asyncio.gather(*(observer.refresh() for _ in range(50)))
    assert runtime.lists - before <= 2


async def test_a_refresh_sees_what_was_there_before_it(observer: Observer, runtime: CountingRuntime) -> None:
    for number in range(5):
        await start(runtime, f"uid-{number}")
        await observer.refresh()
        assert len(observer.containers(f"uid-{number}")) == 1
    assert observer.uids() == {f"uid-{number}" for number in range(5)}


async def test_a_change_is_told_for_the_pods_that_it_is_about(observer: Observer, runtime: CountingRuntime) -> None:
    told: asyncio.Queue[set[str]] = asyncio.Queue()
    observer.on_change(lambda uids: told.put_nowait(set(uids)))
    await observer.refresh()
    await start(runtime, "uid-1")
    assert await told.get() == {"uid-1"}
    await start(runtime, "uid-2")
    assert await told.get() == {"uid-2"}


async def test_a_change_of_a_pod_is_looked_at_alone_and_of_many_at_once(
    observer: Observer, runtime: CountingRuntime
) -> None:
    await observer.refresh()
    runtime.asked.clear()
    await start(runtime, "uid-1")
    await observer.refresh("uid-1")
    assert set(runtime.asked) == {"uid-1"}
    runtime.asked.clear()
    uids = [f"uid-{number}" for number in range(2, 20)]
    for uid in uids:
        await start(runtime, uid)
    await asyncio.gather(*(observer.refresh(uid) for uid in uids))
    assert set(runtime.asked) == {""}
    assert observer.uids() == {"uid-1", *uids}


async def test_a_pod_whose_last_container_is_gone_is_forgotten_and_told_and_others_stay(
    observer: Observer, runtime: CountingRuntime
) -> None:
    await start(runtime, "uid-1")
    await start(runtime, "uid-2")
    await observer.refresh()
    told: asyncio.Queue[set[str]] = asyncio.Queue()
    observer.on_change(lambda uids: told.put_nowait(set(uids)))
    await runtime.remove(observer.containers("uid-1")[0].id)
    assert await told.get() == {"uid-1"}
    assert observer.uids() == {"uid-2"}


async def test_what_was_seen_stays_while_the_runtime_is_away(observer: Observer, runtime: CountingRuntime) -> None:
    await start(runtime, "uid-1")
    await observer.refresh()
    changes: asyncio.Queue[bool] = asyncio.Queue()
    observer.on_availability(lambda: changes.put_nowait(observer.available))
    runtime.away = True
    with pytest.raises(RuntimeUnavailable, match="away"):
        await observer.refresh()
    assert await changes.get() is False
    assert (observer.problem, len(observer.containers("uid-1"))) == ("away", 1)
    runtime.away = False
    assert await changes.get() is True
