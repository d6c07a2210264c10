"""A worker's notes on its pod: what failed and when to try again, and what was first seen when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from peapod.kubelet.planning.actions import POD
from peapod.kubelet.planning.memory import Failure, Memory, Now
from peapod.kubelet.planning.restart import WAITS
from peapod.kubelet.runtime.runtime import Observed, Phase


class Notes:
    """What is gathered from round to round; `memory` is how it reads now."""

    def __init__(self) -> None:
        self._failures: dict[str, Failure] = {}
        self._ended: dict[str, float] = {}
        self.released = False
        """Whether the volumes for which others may wait were given up, since they were last set up."""

    def memory(
        self,
        observed: Iterable[Observed],
        now: Now,
        *,
        unwell: Mapping[str, str] | None = None,
        ready: Mapping[str, bool] | None = None,
    ) -> Memory:
        """Note which containers have ended by now, forget those that are gone, and return everything, beside what is
        known of their health.
        """
        ended = [one.id for one in observed if one.phase is Phase.EXITED]
        self._ended = {id: self._ended.get(id, now.monotonic) for id in ended}
        return Memory(dict(self._failures), self._ended, unwell or {}, ready or {}, self.released)

    def failed(self, part: str, reason: str, message: str, now: Now, *, later: str = "") -> Failure:
        """Note that a part of the pod failed once more; each time in a row the pause before the next try doubles.

        From the second time on the reason is `later`, where that is given.
        """
        before = self._failures.get(part)
        count = before.count + 1 if before else 1
        pause = WAITS[min(count, len(WAITS)) - 1]
        word = later if later and count > 1 else reason
        self._failures[part] = Failure(word, message, now.monotonic + pause, count)
        return self._failures[part]

    def started(self, part: str) -> None:
        """Note that a container has started: neither it nor its pod as a whole has failed any more."""
        self._failures.pop(part, None)
        self._failures.pop(POD, None)

    def retry(self, part: str) -> bool:
        """Let what failed be tried again at once; tell whether there is anything. Its count goes on."""
        failure = self._failures.get(part)
        if failure is not None:
            self._failures[part] = replace(failure, retry_at=0.0)
        return failure is not None
