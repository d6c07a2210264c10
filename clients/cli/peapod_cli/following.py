"""Objects as they are and as they change, across lost connections."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from peapod.common.backoff import Backoff
from peapod.common.errors import Expired, SlowWatcher, TooLate, Unavailable
from peapod_cli.calls import ANSWER_SECONDS, Calls


class Seen(NamedTuple):
    """What was seen: one object that has changed, or has `gone`; else, at first and after a gap, all there are."""

    items: Sequence[Any]
    changed: bool
    gone: bool


class _Clock:
    """How much is left of some seconds; all the time when they are None."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        if self._end is None:
            return None
        if (left := self._end - time.monotonic()) <= 0:
            raise TooLate("the time is over")
        return left

    def at_most(self, seconds: float) -> float:
        left = self.left()
        return seconds if left is None else min(seconds, left)


def follow(
    calls: Calls, namespace: str, labels: str = "", fields: str = "", *, after: int = 0, seconds: float | None = None
) -> Generator[Seen, None, None]:
    """Tell what there is, and then each change, forever or until some seconds are over, which raises `TooLate`.

    Whoever knows what there was at a revision is told only what came `after` it. A lost connection is resumed where it
    broke off; only when the server has forgotten that place is everything told again. Raises `Unavailable` when the
    server stays away.
    """
    from peapod.v1.meta_pb2 import EVENT_TYPE_DELETED

    clock, backoff = _Clock(seconds), Backoff(0.1, 5)
    place = (after, "") if after else None
    while True:
        try:
            if place is None:
                listed = calls.list(namespace, labels, fields)
                place = (listed.revision, listed.store_id)
                yield Seen(list(listed.items), changed=False, gone=False)
            with closing(calls.watch(namespace, labels, fields, *place, seconds=clock.left())) as batches:
                for batch in batches:
                    for change, item in batch.changes:
                        yield Seen([item], changed=True, gone=change == EVENT_TYPE_DELETED)
                    place = (batch.revision or place[0], place[1])
                    backoff.reset()
        except SlowWatcher:
            continue
        except Expired:
            place = None
        except Unavailable:
            if place is None:
                raise
            time.sleep(clock.at_most(backoff.next()))
            calls.connection.wait(clock.at_most(ANSWER_SECONDS))
