"""Lists that are asked for again and again."""

from __future__ import annotations

import pytest

from peapod.gateway import lists
from peapod.gateway.answers import LongAnswer, Stretch
from peapod.gateway.lists import Lists


def answer(size: int) -> LongAnswer:
    return LongAnswer([Stretch(b"x" * size)])


def test_a_list_is_kept_when_it_is_asked_for_a_second_time_and_nothing_changed() -> None:
    kept = Lists()
    assert kept.get("a", 7) is None
    kept.asked("a", 7, answer(3))
    assert kept.get("a", 7) is None
    kept.asked("a", 7, answer(3))
    assert kept.get("a", 7) == b"xxx"
    assert kept.get("b", 7) is None


def test_a_change_makes_it_worthless() -> None:
    kept = Lists()
    for _ in range(2):
        kept.asked("a", 7, answer(3))
    assert kept.get("a", 8) is None
    kept.asked("a", 8, answer(4))
    assert kept.get("a", 8) is None
    assert kept.get("a", 7) is None
    kept.asked("a", 8, answer(4))
    assert kept.get("a", 8) == b"xxxx"


def test_no_more_is_kept_than_may_be_and_the_longest_unused_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "KEEP_BYTES", 10)
    kept = Lists()
    for name in "ab":
        for _ in range(2):
            kept.asked(name, 7, answer(4))
    assert kept.get("a", 7) == b"xxxx"
    for _ in range(2):
        kept.asked("c", 7, answer(4))
    assert (kept.get("a", 7), kept.get("b", 7), kept.get("c", 7)) == (b"xxxx", None, b"xxxx")
    for _ in range(2):
        kept.asked("d", 7, answer(11))
    assert kept.get("d", 7) is None
    assert kept.get("a", 7) == b"xxxx"


def test_names_alone_are_kept_only_so_many() -> None:
    kept = Lists()
    for _ in range(2):
        kept.asked("first", 7, answer(1))
    for number in range(1000):
        kept.asked(number, 7, answer(1))
    assert kept.get("first", 7) is None
