"""Deadlines are in order, whatever was said before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peapod.apiserver.deadlines import Deadlines

KEYS = st.sampled_from("abcdef")
TIMES = st.integers(0, 5).map(float)


@given(st.dictionaries(KEYS, TIMES), st.lists(st.tuples(KEYS, st.none() | TIMES)), TIMES, st.integers(0, 7))
def test_the_earliest_are_those_that_a_sort_finds(
    loaded: dict[str, float], said: list[tuple[str, float | None]], now: float, least: int
) -> None:
    deadlines, plain = Deadlines(), dict(loaded)
    deadlines.put("left over", 0.0)
    deadlines.load(loaded)
    for key, time in said:
        if time is None:
            deadlines.drop(key)
            plain.pop(key, None)
        else:
            deadlines.put(key, time)
            plain[key] = time
    order = sorted((time, key) for key, time in plain.items())
    assert deadlines.first(-1.0) == (order[0][0] if order else -1.0)
    assert deadlines.reached(now, least) == [
        key for place, (time, key) in enumerate(order) if place < least or time <= now
    ]
    assert {key: deadlines.get(key) for key in "abcdef" if deadlines.get(key) is not None} == plain
