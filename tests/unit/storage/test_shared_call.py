"""One call for all who wait, begun after each of them asked."""

from __future__ import annotations

import asyncio

import pytest

from peapod.apiserver.storage.shared_call import SharedCall


class Calls:
    """Counts the calls that were begun; each ends when it is let."""

    def __init__(self) -> None:
        self.begun = 0
        self.let = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        number, let = self.begun, self.let
        await let.wait()
        return number

    def end(self) -> None:
        self.let.set()
        self.let = asyncio.Event()


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_comes_during_a_call_waits_for_the_next_together() -> None:
    calls = Calls()
    shared = SharedCall(calls)
    first = [asyncio.create_task(shared()) for _ in range(3)]
    await _settle()
    second = [asyncio.create_task(shared()) for _ in range(3)]
    await _settle()
    assert calls.begun == 1
    calls.end()
    assert await asyncio.gather(*first) == [1, 1, 1]
    await _settle()
    calls.end()
    assert await asyncio.gather(*second) == [2, 2, 2]


async def test_a_caller_that_gives_up_takes_nobody_along() -> None:
    calls = Calls()
    shared = SharedCall(calls)
    gone, stays = asyncio.create_task(shared()), asyncio.create_task(shared())
    await _settle()
    gone.cancel()
    await _settle()
    calls.end()
    assert await stays == 1


async def test_an_error_is_for_those_who_waited_for_it() -> None:
    outcomes = iter([ConnectionError("lost"), None])

    async def fail_once() -> str:
        if (error := next(outcomes)) is not None:
            raise error
        return "found"

    shared = SharedCall(fail_once)
    with pytest.raises(ConnectionError):
        await shared()
    assert await shared() == "found"
