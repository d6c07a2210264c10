from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peapod.common.pace import Pace


def test_a_slow_pace_lets_one_act_be_done_after_the_other() -> None:
    pace = Pace(0.1)
    assert pace.take(5, 100) == 1
    assert pace.take(4, 109) == 0
    assert pace.take(4, 110) == 1
    assert pace.take(4, 1000) == 1, "nothing is saved up but the next"


def test_no_more_than_is_wanted_is_taken() -> None:
    pace = Pace(10)
    pace.take(0, 0)
    assert pace.take(3, 100) == 3
    assert pace.take(100, 100) == 7


@given(
    rate=st.floats(0.01, 100),
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(0, 200)), max_size=40),
)
def test_there_are_never_more_than_the_rate_allows(rate: float, steps: list[tuple[float, int]]) -> None:
    pace, now = Pace(rate), 0.0
    done: list[tuple[float, int]] = []
    for pause, wanted in steps:
        now += pause
        done.append((now, pace.take(wanted, now)))
    for first, (begin, _) in enumerate(done):
        total = 0
        for end, count in done[first:]:
            total += count
            assert total <= max(rate, 1) + (end - begin) * rate + 1e-6
