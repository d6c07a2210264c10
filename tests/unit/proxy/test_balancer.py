"""Who answers whom."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from peapod.proxy.portals import Backend
from peapod.proxy.userspace import balancer as module
from peapod.proxy.userspace.balancer import Balancer

A, B, C = (Backend("10.1.0.1", port) for port in (1, 2, 3))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def make(*backends: Backend, sticky: int = 0, clock: Clock | None = None) -> Balancer:
    made = Balancer(clock=clock or Clock(), shuffle=lambda _: None)
    made.update(backends, sticky)
    return made


def test_backends_take_turns() -> None:
    balancer = make(A, B, C)
    assert [balancer.choose("x") for _ in range(6)] == [A, B, C, A, B, C]


def test_nobody_is_chosen_where_nobody_is() -> None:
    assert make().choose("x") is None
    assert make(sticky=10).choose("x") is None


def test_who_stays_keeps_its_turn_and_who_is_new_comes_last() -> None:
    balancer = make(A, B)
    assert balancer.choose("x") == A
    balancer.update([A, B, C], 0)
    assert [balancer.choose("x") for _ in range(3)] == [B, A, C]


def test_the_order_begins_by_chance() -> None:
    shuffled = Balancer(shuffle=list.reverse)
    shuffled.update([A, B], 0)
    assert [shuffled.choose("x") for _ in range(2)] == [B, A]


def test_a_client_with_affinity_stays_until_it_was_away_too_long() -> None:
    clock = Clock()
    balancer = make(A, B, sticky=10, clock=clock)
    assert (balancer.choose("x"), balancer.choose("y")) == (A, B)
    for _ in range(4):
        clock.now += 9
        assert (balancer.choose("x"), balancer.choose("y")) == (A, B)
    clock.now += 10
    assert (balancer.choose("y"), balancer.choose("x")) == (A, B)


def test_affinity_is_forgotten_with_the_backend_and_with_the_setting() -> None:
    balancer = make(A, B, sticky=10)
    assert balancer.choose("x") == A
    balancer.update([B], 10)
    assert balancer.choose("x") == B
    balancer.update([A, B], 10)
    assert balancer.choose("x") == B
    balancer.update([A, B], 0)
    assert {balancer.choose("x"), balancer.choose("x")} == {A, B}


def test_who_failed_is_tried_again_only_when_there_are_no_others() -> None:
    balancer = make(A, B, sticky=10)
    assert balancer.choose("x") == A
    assert balancer.choose("x", {A}) == B
    assert balancer.choose("x") == B
    assert balancer.choose("x", {A, B}) in (A, B)


def test_only_so_many_clients_are_remembered(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(module, "CLIENTS_MOST", 2)
    balancer = make(A, B, C, sticky=10)
    assert [balancer.choose(client) for client in "xyz"] == [A, B, C]
    assert [balancer.choose(client) for client in "zyx"] == [C, B, A]


@given(st.lists(st.sets(st.sampled_from([A, B, C]), min_size=1), min_size=1), st.integers(0, 5))
def test_after_any_changes_all_have_the_same_share(changes: list[set[Backend]], before: int) -> None:
    balancer = make()
    for backends in changes:
        balancer.update(sorted(backends), 0)
        for _ in range(before):
            balancer.choose("x")
    last = changes[-1]
    assert Counter(balancer.choose("x") for _ in range(4 * len(last))) == dict.fromkeys(last, 4)
