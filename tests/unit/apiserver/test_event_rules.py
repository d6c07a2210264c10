"""How long events live."""

from __future__ import annotations

import pytest

from peapod.apiserver.resources.event import strategy
from peapod.v1.event_pb2 import Event
from tests.support.clock import Clock


def test_each_beginning_of_an_event_is_dated_by_the_clock() -> None:
    clock = Clock()
    told = Event()
    told.last_timestamp.seconds = 10**9
    rules = strategy(100.5, clock)
    rules.begin(told)
    assert told.metadata.deletion_timestamp.ToMilliseconds() == 100_500
    clock.now = 7.0
    rules.begin(told)
    assert told.metadata.deletion_timestamp.ToMilliseconds() == 107_500


@pytest.mark.parametrize("seconds", [1e12, float("inf")])
def test_events_that_never_go_have_a_time_that_can_be_written(seconds: float) -> None:
    told = Event()
    strategy(seconds, Clock()).begin(told)
    assert told.metadata.deletion_timestamp.ToJsonString().startswith("9999-12-31T23:59:5")
