from __future__ import annotations

from collections.abc import Iterable

import pytest

from peapod.common.demand import Demand
from peapod.scheduler.queue import Pending, Queue
from tests.support.clock import Clock
from tests.support.objects import make_pod


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> Queue:
    return Queue(clock)


def pending(name: str, *, cpu: str = "", uid: str = "1") -> Pending:
    return Pending(("default", name), uid, Demand.of(make_pod(name, cpu=cpu)))


def never(_demand: Demand, _nodes: Iterable[str]) -> bool:
    return False


def always(_demand: Demand, _nodes: Iterable[str]) -> bool:
    return True


def drain(queue: Queue, fits=never) -> list[str]:
    names = []
    while (pod := queue.take(fits)) is not None:
        names.append(pod.key[1])
    return names


def test_first_come_first_served(queue: Queue) -> None:
    for name in "cab":
        queue.add(pending(name))
    assert drain(queue) == ["c", "a", "b"]
    assert len(queue) == 0


def test_a_pod_that_comes_again_unchanged_keeps_its_place(queue: Queue) -> None:
    for name in "aba":
        queue.add(pending(name))
    assert drain(queue) == ["a", "b"]


def test_a_changed_pod_replaces_the_old(queue: Queue) -> None:
    queue.add(pending("a", uid="old"))
    queue.add(pending("b"))
    queue.add(pending("a", uid="new"))
    assert queue.take(never).key[1] == "b"
    assert queue.take(never).uid == "new"
    assert queue.take(never) is None


def test_a_dropped_pod_is_never_handed_out(queue: Queue) -> None:
    for name in "abc":
        queue.add(pending(name))
    queue.discard(("default", "b"))
    queue.discard(("default", "unheard-of"))
    assert drain(queue) == ["a", "c"]


def test_a_failed_pod_waits_one_second_doubling_to_sixty(queue: Queue, clock: Clock) -> None:
    queue.add(pending("a"))
    delays = []
    for _ in range(8):
        queue.delay(queue.take(never))
        assert queue.take(never) is None
        due = queue.next_due()
        delays.append(due - clock.now)
        clock.now = due
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_delayed_pod_blocks_nobody(queue: Queue) -> None:
    for name in "ab":
        queue.add(pending(name))
    queue.delay(queue.take(never))
    assert drain(queue) == ["b"]


def test_a_parked_pod_stays_until_a_node_changes(queue: Queue, clock: Clock) -> None:
    queue.add(pending("a"))
    queue.park(queue.take(never))
    clock.now = 1e6
    assert queue.next_due() is None
    assert queue.take(always) is None
    queue.wake(["n"])
    assert queue.take(lambda _demand, nodes: "n" in nodes).key[1] == "a"


def test_a_woken_pod_that_still_fits_nowhere_is_told_again_after_its_backoff(queue: Queue, clock: Clock) -> None:
    queue.add(pending("a"))
    queue.park(queue.take(never))
    queue.wake(["n"])
    assert queue.take(never) is None
    assert queue.next_due() == 1
    clock.now = 1
    assert queue.take(never).key[1] == "a"


def test_a_node_that_takes_a_pod_wakes_it_although_its_backoff_runs(queue: Queue) -> None:
    queue.add(pending("a"))
    for _ in range(5):
        queue.park(queue.take(always))
        queue.wake(["full"])
        assert queue.take(never) is None
        queue.wake(["roomy"])


def test_woken_pods_come_in_the_order_of_arrival_and_before_the_new(queue: Queue) -> None:
    for name in "abc":
        queue.add(pending(name))
    taken = [queue.take(never) for _ in range(3)]
    for pod in reversed(taken):
        queue.park(pod)
    queue.add(pending("new"))
    queue.wake(["n"])
    assert drain(queue, always) == ["a", "b", "c", "new"]


def test_only_as_many_wake_as_find_room_and_equal_pods_are_asked_about_once(queue: Queue) -> None:
    for number in range(100):
        queue.add(pending(str(number)))
    for pod in [queue.take(never) for _ in range(100)]:
        queue.park(pod)
    queue.wake(["n"])
    asked = []

    def room_for_two(demand: Demand, nodes: Iterable[str]) -> bool:
        asked.append(set(nodes))
        return len(asked) <= 2

    assert drain(queue, room_for_two) == ["0", "1"]
    assert asked == [{"n"}, {"n"}, {"n"}]


def test_a_second_change_counts_with_the_first(queue: Queue) -> None:
    for name in "ab":
        queue.add(pending(name, cpu="1" if name == "a" else "2"))
    for pod in [queue.take(never), queue.take(never)]:
        queue.park(pod)
    queue.wake(["n1"])
    assert queue.take(always).key[1] == "a"
    queue.wake(["n2"])
    assert queue.take(lambda _demand, nodes: set(nodes) == {"n1", "n2"}).key[1] == "b"


def test_a_delay_that_was_cut_short_does_not_end_the_next_one(queue: Queue, clock: Clock) -> None:
    queue.add(pending("a"))
    queue.park(queue.take(never))
    queue.wake(["full"])
    assert queue.take(never) is None
    queue.wake(["roomy"])
    queue.delay(queue.take(always))
    clock.now = 1.5
    assert queue.take(never) is None, "the first delay ended at 1, the second ends at 2"
    clock.now = 2
    assert queue.take(never) is not None


def test_success_forgets_the_failures(queue: Queue, clock: Clock) -> None:
    for _ in range(3):
        queue.add(pending("a"))
        queue.delay(queue.take(never))
        clock.now = queue.next_due()
        queue.take(never)
    queue.discard(("default", "a"))
    queue.add(pending("a"))
    queue.delay(queue.take(never))
    assert queue.next_due() == clock.now + 1
