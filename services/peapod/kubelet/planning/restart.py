"""Whether and when a container that has ended is started again.

Everything is computed from the instances that are there, so that a kubelet that was restarted waits no shorter and
no longer: the wait before an instance shows in the times of its predecessor, and the next one is twice that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from peapod.kubelet.planning.memory import Memory, Now
from peapod.kubelet.runtime.runtime import Observed
from peapod.v1 import pod_pb2

WAITS = (10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
"""Seconds between an end and the next start, from the second end in a row on; the first start again is at once."""

LONG_RUN = 600.0
"""Seconds of running after which an end is taken for the first one, and likewise after a pause that nobody asked for:
the kubelet was away, or a clock was set.
"""

_LATENESS = 1.1
"""A start comes a little after the wait before it is over; or, measured by another clock, a little early."""


@dataclass(frozen=True, slots=True)
class Done:
    """The container has done its work; it is not started again."""


@dataclass(frozen=True, slots=True)
class Due:
    """The container is to be started again in so many seconds; 0 is now."""

    seconds: float


def verdict(policy: pod_pb2.RestartPolicy, ended: Observed, before: Observed | None, elapsed: float) -> Done | Due:
    """Judge a container that ended `elapsed` seconds ago; `before` is its predecessor, if that ended by itself."""
    if is_done(policy, ended.exit_code):
        return Done()
    return Due(max(0.0, wait_after(ended, before) - elapsed))


def is_done(policy: pod_pb2.RestartPolicy, exit_code: int) -> bool:
    """Tell whether a container that ended with that code has done its work."""
    if policy == pod_pb2.RESTART_POLICY_ON_FAILURE:
        return exit_code == 0
    return policy == pod_pb2.RESTART_POLICY_NEVER


def wait_after(ended: Observed, before: Observed | None) -> float:
    """Seconds from the end of an instance to the start of the next."""
    if before is None or before.finished_at is None or _ran(ended) >= LONG_RUN:
        return 0.0
    waited = (_began(ended) - before.finished_at).total_seconds()
    if waited >= LONG_RUN:
        return 0.0
    if waited < WAITS[0] / _LATENESS:
        return WAITS[0]
    return next((wait for wait in WAITS if wait > waited * _LATENESS), WAITS[-1])


def elapsed(one: Observed, memory: Memory, now: Now) -> float:
    """Seconds since a container ended, by the clock that says more: one that is set back holds nothing up."""
    by_wall = (now.wall - (one.finished_at or one.created_at)).total_seconds()
    return max(by_wall, now.monotonic - memory.ended.get(one.id, now.monotonic))


def _began(one: Observed) -> datetime:
    return one.started_at or one.created_at


def _ran(one: Observed) -> float:
    return ((one.finished_at or _began(one)) - _began(one)).total_seconds()
