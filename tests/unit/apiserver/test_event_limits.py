"""How many events a source may tell, by a clock that the test moves."""

from __future__ import annotations

import pytest

from peapod.apiserver import event_limits
from peapod.apiserver.event_limits import BURST, PER_SECOND, EventLimits
from peapod.common.errors import TooMany
from peapod.v1.event_pb2 import Event


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> EventLimits:
    return EventLimits(clock)


def event(component: str = "kubelet", host: str = "n1", namespace: str = "default") -> Event:
    return Event(metadata={"namespace": namespace}, source={"component": component, "host": host})


def taken(limits: EventLimits, told: Event, tries: int) -> int:
    """Try to tell an event so often, and count how often it is taken."""
    count = 0
    for _ in range(tries):
        try:
            limits.take(told)
        except TooMany:
            continue
        count += 1
    return count


def test_after_a_burst_they_come_at_their_rate(limits: EventLimits, clock: Clock) -> None:
    assert taken(limits, event(), 2 * BURST) == BURST
    clock.now += 3
    assert taken(limits, event(), BURST) == 3 * PER_SECOND
    clock.now += 1_000_000
    assert taken(limits, event(), 2 * BURST) == BURST, "silence saves up no more than one burst"


@pytest.mark.parametrize("other", [event("scheduler"), event(host="n2"), event(namespace="team")])
def test_each_source_has_its_own_in_each_namespace(limits: EventLimits, other: Event) -> None:
    taken(limits, event(), 2 * BURST)
    assert taken(limits, other, 1) == 1
    with pytest.raises(TooMany, match="kubelet n1 tells too many events in namespace default"):
        limits.take(event())


def test_only_so_many_sources_are_remembered(limits: EventLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_limits, "SOURCES_MOST", 3)
    taken(limits, event(), BURST)
    for number in range(2):
        limits.take(event(host=f"h{number}"))
    assert taken(limits, event(), 1) == 0
    for number in range(3):
        limits.take(event(host=f"h{number}"))
    assert taken(limits, event(), 1) == 1
