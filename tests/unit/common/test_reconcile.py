from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from peapod.common.errors import Conflict, Invalid, Unavailable
from peapod.common.reconcile import ReconcileLoop


class Cache:
    """A cache that shows what the test lets it."""

    def __init__(self) -> None:
        self.revision, self.store_id = 1, "store"
        self._moved = asyncio.Event()

    async def synced(self) -> None:
        return

    async def moved(self) -> None:
        await self._moved.wait()

    def move(self, revision: int, store_id: str = "store") -> None:
        self.revision, self.store_id = revision, store_id
        self._moved.set()
        self._moved = asyncio.Event()


class Work:
    """A reconciler that does what the test has it do, and tells who called it."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.act: Callable[[str], object] = lambda key: ""
        self.may_go = asyncio.Event()
        self.may_go.set()
        self.running: Counter[str] = Counter()
        self.most = 0
        self._called = asyncio.Event()

    async def reconcile(self, key: str) -> str:
        self.calls[key] += 1
        self.running[key] += 1
        assert self.running[key] == 1
        self.most = max(self.most, self.running.total())
        self._called.set()
        try:
            await self.may_go.wait()
            return str(self.act(key) or "")
        finally:
            self.running[key] -= 1

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                self._called.clear()
                await self._called.wait()


@asynccontextmanager
async def running(work: Work, cache: Cache, keys: str = "", **settings: float) -> AsyncGenerator[ReconcileLoop[str]]:
    loop = ReconcileLoop("tests", work, [cache], lambda: keys, **settings)  # type: ignore[list-item, arg-type]
    task = asyncio.create_task(loop.run())
    # The first step of it is the look at all keys.
    await asyncio.sleep(0)
    yield loop
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.fixture
async def cache() -> Cache:
    return Cache()


@pytest.fixture
async def work() -> Work:
    return Work()


async def test_every_key_is_looked_at_once_in_the_beginning(work: Work, cache: Cache) -> None:
    async with running(work, cache, "abc"):
        await work.until(lambda: work.calls == Counter("abc"))


async def test_keys_run_beside_each_other_but_never_beside_themselves(work: Work, cache: Cache) -> None:
    work.may_go.clear()
    async with running(work, cache, "abcdef", workers=3) as loop:
        await work.until(lambda: work.running.total() == 3)
        for key in "abc" * 5:
            loop.add(key)
        work.may_go.set()
        await work.until(lambda: work.calls == Counter("abcabcdef"))
    assert work.most == 3


async def test_a_key_waits_until_its_own_writes_are_seen_and_no_other_key_does(work: Work, cache: Cache) -> None:
    async with running(work, cache) as loop:
        work.act = lambda key: loop.wrote(key, cache, 7) if key == "a" and cache.revision < 7 else ""  # type: ignore[arg-type, func-returns-value]
        loop.add("a")
        await work.until(lambda: work.calls["a"] == 1)
        loop.add("a")
        for revision in (5, 6):
            cache.move(revision)
            loop.add("b")
            await work.until(lambda: work.calls["b"] == cache.revision - 4)
        assert work.calls["a"] == 1
        cache.move(7)
        await work.until(lambda: work.calls["a"] == 2)


async def test_nobody_waits_for_what_was_written_to_a_store_that_is_gone(work: Work, cache: Cache) -> None:
    async with running(work, cache) as loop:
        loop.wrote("a", cache, 1000)  # type: ignore[arg-type]
        loop.add("a")
        cache.move(2, "another")
        await work.until(lambda: work.calls["a"] == 1)


async def test_an_error_is_told_once_and_the_key_is_tried_again(
    work: Work, cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    problems = [ValueError("broken"), ValueError("broken"), Conflict("lost a race"), Invalid("refused"), None]

    def fail(_key: str) -> str:
        if problem := problems[min(work.calls["a"], len(problems)) - 1]:
            raise problem
        return "did it"

    work.act = fail
    async with running(work, cache, "a") as loop:
        await work.until(lambda: work.calls["a"] == len(problems))
        loop.add("b")
        await work.until(lambda: work.calls["b"] == 1)
    told = [record.getMessage().partition(";")[0] for record in caplog.records if "tests a" in record.getMessage()]
    assert told == ["tests a: broken", "tests a: refused", "tests a: did it (revision 1)"]
    assert [record.exc_info is not None for record in caplog.records[:2]] == [True, False]


async def test_an_outage_is_told_once_for_all_keys(work: Work, cache: Cache, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    def fail(key: str) -> str:
        if work.calls[key] < 3:
            raise Unavailable("nobody answers")
        return ""

    work.act = fail
    async with running(work, cache, "abc"):
        await work.until(lambda: all(work.calls[key] == 3 for key in "abc"))
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["tests: cannot go on (nobody answers), trying again", "tests: goes on"]


async def test_all_keys_are_looked_at_now_and_then(work: Work, cache: Cache) -> None:
    async with running(work, cache, "ab", resync_seconds=0.05):
        await work.until(lambda: min(work.calls["a"], work.calls["b"]) >= 3)


async def test_a_loop_that_runs_again_looks_at_everything_whatever_was_being_done(work: Work, cache: Cache) -> None:
    work.may_go.clear()
    async with running(work, cache, "abc", workers=2) as loop:
        loop.wrote("c", cache, 1000)  # type: ignore[arg-type]
        await work.until(lambda: work.running.total() == 2)
    assert work.running.total() == 0
    loop.add("gone")
    work.may_go.set()
    task = asyncio.create_task(loop.run())
    await work.until(lambda: work.calls == Counter("aabbc"))
    task.cancel()
    await asyncio.wait({task})


async def test_a_key_that_is_forgiven_is_tried_at_once(work: Work, cache: Cache) -> None:
    def fail(_key: str) -> str:
        raise Invalid("refused")

    work.act = fail
    async with running(work, cache, "a") as loop:
        for calls in range(1, 12):
            await work.until(lambda: work.calls["a"] >= calls)  # noqa: B023
            loop.forgive("a")


async def test_a_later_look_comes_later(work: Work, cache: Cache) -> None:
    order: list[str] = []
    work.act = lambda key: order.append(key)  # type: ignore[func-returns-value]
    async with running(work, cache) as loop:
        loop.add_after("late", 0.2)
        loop.add_after("soon", 0.05)
        await work.until(lambda: work.calls.total() == 2)
    assert order == ["soon", "late"]
