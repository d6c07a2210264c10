from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from peapod.common.work_queue import MOST_DELAY, WorkQueue
from tests.support.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> WorkQueue[str]:
    return WorkQueue(clock, Random(1))


def drain(queue: WorkQueue[str]) -> list[str]:
    keys = []
    while (key := queue.take()) is not None:
        keys.append(key)
        queue.done(key)
    return keys


def test_a_key_is_in_the_queue_once_and_keeps_its_place(queue: WorkQueue[str]) -> None:
    for key in "abacb":
        queue.add(key)
    assert drain(queue) == ["a", "b", "c"]


def test_a_key_that_runs_is_not_handed_out_again_until_it_is_done(queue: WorkQueue[str]) -> None:
    queue.add("a")
    assert queue.take() == "a"
    queue.add("a")
    queue.add("a")
    assert queue.take() is None
    assert queue.next_due() is None
    queue.done("a")
    assert drain(queue) == ["a"]


def test_a_key_that_was_not_wanted_while_it_ran_is_over(queue: WorkQueue[str]) -> None:
    queue.add("a")
    assert drain(queue) == ["a"]
    assert (queue.take(), queue.next_due(), len(queue)) == (None, None, 0)


def test_a_later_key_waits_and_the_earliest_wish_counts(queue: WorkQueue[str], clock: Clock) -> None:
    queue.add_after("a", 10)
    queue.add_after("a", 5)
    queue.add_after("a", 20)
    assert (queue.take(), queue.next_due()) == (None, 5)
    clock.now = 5
    assert drain(queue) == ["a"]
    clock.now = 100
    assert drain(queue) == []


def test_a_key_that_fails_is_held_back_longer_each_time_whoever_wants_it(queue: WorkQueue[str], clock: Clock) -> None:
    queue.add("a")
    delays = []
    for _ in range(12):
        assert queue.take() == "a"
        delays.append(queue.failed("a"))
        queue.add("a")
        assert queue.take() is None
        assert queue.next_due() == clock.now + delays[-1]
        clock.now += delays[-1]
    assert 0.05 <= delays[0] <= 0.1
    assert MOST_DELAY / 2 <= delays[-1] <= MOST_DELAY


def test_success_ends_the_backoff(queue: WorkQueue[str], clock: Clock) -> None:
    for _ in range(5):
        queue.add("a")
        clock.now = queue.next_due()
        queue.take()
        queue.failed("a")
    clock.now = queue.next_due()
    assert drain(queue) == ["a"]
    queue.add("a")
    assert queue.take() == "a"
    assert queue.failed("a") <= 0.1


def test_a_key_that_is_forgiven_is_tried_at_once(queue: WorkQueue[str]) -> None:
    queue.add("a")
    queue.take()
    queue.failed("a")
    queue.forgive("a")
    assert drain(queue) == ["a"]


def test_a_failing_key_holds_back_no_other(queue: WorkQueue[str]) -> None:
    queue.add("a")
    queue.take()
    queue.failed("a")
    queue.add("b")
    assert drain(queue) == ["b"]


class WorkQueueModel(RuleBasedStateMachine):
    """The queue beside the plainest one there is: when each key is wanted, and since when it may not be taken."""

    keys = st.sampled_from("abcd")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.queue: WorkQueue[str] = WorkQueue(self.clock, Random(1))
        self.wanted: dict[str, float] = {}
        self.held: dict[str, float] = {}
        self.running: set[str] = set()

    @rule(key=keys, seconds=st.sampled_from([0, 0, 0.05, 1, 40]))
    def add(self, key: str, seconds: float) -> None:
        self.queue.add_after(key, seconds)
        due = max(self.clock.now + seconds, self.held.get(key, 0))
        self.wanted[key] = min(due, self.wanted.get(key, math.inf))

    @rule(key=keys)
    def forgive(self, key: str) -> None:
        self.queue.forgive(key)
        self.held.pop(key, None)
        self.wanted[key] = min(self.clock.now, self.wanted.get(key, math.inf))

    @rule(seconds=st.sampled_from([0.05, 1, 40]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def take(self) -> None:
        due = {key: at for key, at in self.wanted.items() if key not in self.running and at <= self.clock.now}
        key = self.queue.take()
        assert (key is None) == (not due)
        if key is not None:
            assert due[key] == min(due.values())
            del self.wanted[key]
            self.held.pop(key, None)
            self.running.add(key)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), fails=st.booleans())
    def end(self, data: st.DataObject, fails: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))
        self.running.discard(key)
        if fails:
            self.held[key] = self.wanted[key] = self.clock.now + self.queue.failed(key)
        else:
            self.queue.done(key)

    @invariant()
    def the_next_is_known(self) -> None:
        waiting = [at for key, at in self.wanted.items() if key not in self.running]
        assert self.queue.next_due() == min(waiting, default=None)
        assert len(self.queue) == len(self.wanted)


TestWorkQueueModel = WorkQueueModel.TestCase
