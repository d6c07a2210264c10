from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from peapod.kubelet.health.prober import EXECS, Turns, due
from peapod.v1 import pod_pb2


def exec_probe() -> pod_pb2.Probe:
    probe = pod_pb2.Probe()
    probe.handler.exec.command.append("true")
    return probe


async def test_a_turn_is_waited_for_until_another_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peapod.kubelet.health.prober.TURN_SECONDS", 1000)
    turns, probe = Turns(), exec_probe()
    async with AsyncExitStack() as others:
        for _ in range(EXECS - 1):
            await others.enter_async_context(turns.take(probe))
        async with turns.take(probe):
            waiting = asyncio.ensure_future(others.enter_async_context(turns.take(probe)))
            await asyncio.sleep(0)
            assert not waiting.done()
        await asyncio.wait_for(waiting, 30)


async def test_what_takes_long_holds_no_other_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peapod.kubelet.health.prober.TURN_SECONDS", 0.01)
    turns, probe = Turns(), exec_probe()
    async with AsyncExitStack() as hanging:
        for _ in range(3 * EXECS):
            await asyncio.wait_for(hanging.enter_async_context(turns.take(probe)), 30)
    async with AsyncExitStack() as again:
        for _ in range(EXECS):
            await again.enter_async_context(turns.take(probe))
        assert turns._execs.locked()


async def test_connections_do_not_wait_for_commands() -> None:
    turns, connection = Turns(), pod_pb2.Probe()
    connection.handler.tcp_socket.port.number = 80
    async with AsyncExitStack() as commands:
        for _ in range(EXECS):
            await commands.enter_async_context(turns.take(exec_probe()))
        async with asyncio.timeout(30), turns.take(connection):
            pass


@pytest.mark.parametrize(("delay", "ran", "left"), [(10, 0, 10), (10, 4, 6), (10, 11, 0), (0, 5, 0), (10, -3600, 10)])
async def test_the_first_delay_counts_from_the_start_whatever_the_clock_says(
    delay: int, ran: float, left: float
) -> None:
    probe = pod_pb2.Probe(initial_delay_seconds=delay)
    before = asyncio.get_running_loop().time()
    assert before + left <= due(probe, ran) <= asyncio.get_running_loop().time() + left
