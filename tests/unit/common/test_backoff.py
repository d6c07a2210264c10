from peapod.common.backoff import Backoff
from tests.support.clock import Clock


def test_delays_grow_to_the_most() -> None:
    backoff = Backoff(1, 10, clock=Clock())
    assert [backoff.next() for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_another_factor() -> None:
    backoff = Backoff(1, 100, factor=3, clock=Clock())
    assert [backoff.next() for _ in range(3)] == [1, 3, 9]


def test_keys_do_not_know_each_other() -> None:
    backoff = Backoff(1, 10, clock=Clock())
    assert [backoff.next("a"), backoff.next("a"), backoff.next("b")] == [1, 2, 1]
    backoff.reset("a")
    backoff.reset("never seen")
    assert [backoff.next("a"), backoff.next("b")] == [1, 2]


def test_what_remains_of_a_delay() -> None:
    clock = Clock()
    backoff = Backoff(4, 10, clock=clock)
    assert backoff.remaining("a") == 0
    backoff.next("a")
    clock.now += 3
    assert backoff.remaining("a") == 1
    clock.now += 3
    assert backoff.remaining("a") == 0


def test_a_key_is_forgotten_when_it_was_quiet_after_its_delay() -> None:
    clock = Clock()
    backoff = Backoff(1, 10, reset_after=5, clock=clock)
    backoff.next("a")
    clock.now += 1 + 4.9
    assert backoff.next("a") == 2
    clock.now += 2 + 5
    assert backoff.next("a") == 1


def test_a_long_delay_is_not_taken_for_quiet() -> None:
    clock = Clock()
    backoff = Backoff(10, 80, reset_after=5, clock=clock)
    delays = []
    for _ in range(5):
        delays.append(backoff.next("a"))
        clock.now += delays[-1]
    assert delays == [10, 20, 40, 80, 80]


def test_forgotten_keys_take_no_room() -> None:
    clock = Clock()
    backoff = Backoff(1, 10, clock=clock)
    for key in range(1000):
        backoff.next(key)
        clock.now += 1
    assert len(backoff._entries) < 50
