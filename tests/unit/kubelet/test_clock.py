"""The machine's clock is set, back and forth: waits stay bounded, ages go on, and the node goes on reporting."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.common import process
from peapod.kubelet.garbage.container_collector import ContainerCollector
from peapod.kubelet.node.heartbeat import Heartbeat
from peapod.kubelet.node.machine import Machine
from peapod.kubelet.node.report import Identity
from peapod.kubelet.notes import Notes
from peapod.kubelet.observer import Observer
from peapod.kubelet.planning.goal import Goal, Intent
from peapod.kubelet.planning.memory import Now
from peapod.kubelet.planning.plan import plan
from peapod.kubelet.planning.restart import WAITS
from peapod.kubelet.runtime.hollow import HollowRuntime
from peapod.kubelet.runtime.runtime import Launch, Observed
from peapod.v1.node_service_pb2 import HeartbeatNodeRequest
from tests.support.pods import at, make_pod, seen

POD = make_pod()
GOAL = Goal(POD.metadata.uid, Intent.RUN, POD, needs_network=False)
DAY = 86400.0
CRASHES = [seen(POD, attempt=0, ran=(0, 95)), seen(POD, attempt=1, ran=(95.3, 98), code=1)]
"""After these the next start comes ten seconds after the last end, at 108."""


def waits_of(jump: float, passed: float) -> float:
    """How long is still waited when the clock is set by `jump` at the last end, and then so many seconds pass."""
    notes = Notes()
    notes.memory(CRASHES, Now(at(98 + jump), 98))
    now = Now(at(98 + jump + passed), 98 + passed)
    made = plan(GOAL, CRASHES, notes.memory(CRASHES, now), now)
    return 0.0 if made.steps else made.wake_after or 0.0


@pytest.mark.parametrize("jump", [0.0, -1.0, -DAY, -3650 * DAY])
def test_a_clock_that_is_set_back_holds_nothing_up(jump: float) -> None:
    assert waits_of(jump, 0) == pytest.approx(10)
    assert waits_of(jump, 4) == pytest.approx(6)
    assert waits_of(jump, 10) == 0


@given(st.floats(-1e9, 1e9), st.floats(0, 1000))
def test_whatever_the_clock_does_no_wait_is_longer_than_meant(jump: float, passed: float) -> None:
    assert 0 <= waits_of(jump, passed) <= max(0.0, WAITS[0] - passed) + 1e-3


@given(st.floats(-1e9, 1e9))
def test_a_clock_that_is_set_between_two_instances_leaves_the_wait_within_its_bounds(jump: float) -> None:
    second = seen(POD, attempt=1, ran=(95.3 + jump, 98 + jump), code=1)
    now = Now(at(98 + jump), 98)
    crashes = [CRASHES[0], second]
    made = plan(GOAL, crashes, Notes().memory(crashes, now), now)
    assert (made.wake_after or 0) <= WAITS[-1]
    assert made.steps or made.wake_after


class Clock:
    """One that only goes on when told to, as the monotonic one does."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Corpses(HollowRuntime):
    """Whose containers all ended when a clock said something else."""

    def __init__(self, ended: datetime) -> None:
        super().__init__()
        self.ended = ended

    async def list(self, uid: str = "") -> list[Observed]:
        return [replace(one, finished_at=self.ended) for one in await super().list(uid)]


@pytest.mark.parametrize("off", [-3650, 0, 3650])
async def test_a_dead_container_is_as_old_as_it_was_seen_dead(off: int) -> None:
    clock, runtime = Clock(), Corpses(datetime.now(at(0).tzinfo) + timedelta(days=off))
    pod = make_pod(image="hollow/exit:0")
    await runtime.start(Launch(seen(pod).name, pod, pod.spec.containers[0], "hollow/exit:0"))
    observer = Observer(runtime)
    looking = process.spawn(observer.run, "observer")
    try:
        await observer.refresh()
        over = Goal(pod.metadata.uid, Intent.REST, pod)
        collector = ContainerCollector(runtime, observer, lambda: [over], seconds=1, age=60, most=0, clock=clock)
        await collector.collect()
        clock.seconds = 59
        await collector.collect()
        assert len(await runtime.list()) == 1
        clock.seconds = 61
        await collector.collect()
        assert await runtime.list() == []
    finally:
        await process.end(looking)


class Reports:
    """Takes the node's reports."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[HeartbeatNodeRequest] = asyncio.Queue()

    async def heartbeat_node(self, request: HeartbeatNodeRequest, **_: Any) -> None:
        self.came.put_nowait(request)


class Believed:
    """A source that is never in doubt."""

    doubt = ""

    def on_doubt(self, callback: Any) -> None:
        pass


@pytest.mark.parametrize("jump", [-DAY, DAY])
async def test_a_node_goes_on_reporting(jump: float, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime, reports = HollowRuntime(), Reports()
    observer = Observer(runtime)
    who = Identity("n1", {}, {}, {}, "127.0.0.1", "127.0.0.1:1", Machine(1, 1, "", "", "", "", ""))
    heart = Heartbeat(reports, who, runtime, observer, Believed(), 0.01)  # type: ignore[arg-type]
    tasks = [process.spawn(observer.run, "observer"), process.spawn(heart.run, "heartbeat")]
    try:
        await asyncio.wait_for(reports.came.get(), 30)
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        for _ in range(5):
            await asyncio.wait_for(reports.came.get(), 30)
    finally:
        await process.end(*tasks)
