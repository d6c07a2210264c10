import asyncio
import logging

import pytest

from peapod.common import process
from peapod.common.backoff import Backoff
from peapod.common.errors import Unavailable
from tests.support.clock import Clock


def at_once() -> Backoff:
    return Backoff(0, 0)


async def test_forever_goes_on_after_errors(caplog: pytest.LogCaptureFixture) -> None:
    outcomes = [Unavailable("no store"), Unavailable("no store"), None, Unavailable("no store"), KeyError("x")]
    done = asyncio.Event()

    async def step() -> None:
        if not outcomes:
            done.set()
            await asyncio.Event().wait()
        if outcome := outcomes.pop(0):
            raise outcome

    with caplog.at_level(logging.INFO):
        task = asyncio.create_task(process.forever("feed", step, backoff=at_once()))
        await done.wait()
        await process.end(task)
    assert [record.message for record in caplog.records] == [
        "feed failed, trying again: no store",
        "feed works again",
        "feed failed, trying again: no store",
        "feed failed, trying again: KeyError: 'x'",
    ]
    assert [bool(record.exc_info) for record in caplog.records] == [False, False, False, True]
    assert task.cancelled()


async def test_an_error_after_a_long_run_is_told_again(caplog: pytest.LogCaptureFixture) -> None:
    clock, runs, done = Clock(), [0, 0, 61], asyncio.Event()

    async def step() -> None:
        if not runs:
            done.set()
            await asyncio.Event().wait()
        clock.now += runs.pop(0)
        raise Unavailable("no store")

    task = asyncio.create_task(process.forever("feed", step, backoff=at_once(), clock=clock))
    await done.wait()
    await process.end(task)
    assert len(caplog.records) == 2


async def test_a_step_that_never_waits_can_be_cancelled() -> None:
    async def step() -> None:
        pass

    task = process.spawn(step, "busy")
    assert task.get_name() == "busy"
    await process.end(task)
    assert task.cancelled()


async def test_end_waits_until_tasks_are_over() -> None:
    told = []

    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            told.append("over")

    async def broken() -> None:
        raise RuntimeError("broken")

    tasks = [asyncio.create_task(slow_to_end()), asyncio.create_task(broken())]
    await asyncio.sleep(0)
    await process.end(*tasks)
    assert told == ["over"]
