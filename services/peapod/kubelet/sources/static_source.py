"""What the sources of static pods have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from peapod.kubelet.sources.static_pods import StaticPods
from peapod.v1 import pod_pb2


class StaticSource:
    """Answers with what was read last; a subclass reads, and says so by `_settle`."""

    def __init__(self, name: str, pods: StaticPods) -> None:
        self.name = name
        self._pods = pods
        self._was_read = False
        self._answer: tuple[Mapping[str, pod_pb2.Pod] | None, bool] = (None, False)
        self._on_change: list[Callable[[], None]] = []

    @property
    def complete(self) -> bool:
        """Whether all of it was read at least once."""
        return self._was_read and self._pods.complete

    def pods(self) -> Mapping[str, pod_pb2.Pod] | None:
        """All pods by uid; None before anything was read."""
        return self._pods.pods() if self._was_read else None

    async def load(self) -> None:
        """Read once what can be read without waiting for anybody, before any pod is judged."""

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back whenever `pods` or `complete` answers differently."""
        self._on_change.append(callback)

    def _settle(self, *, was_read: bool) -> None:
        """Note what came of a try to read, and call back if that changed anything."""
        self._was_read |= was_read
        found = self._pods.pods()
        answer = (found if self._was_read else None, self.complete)
        if answer != self._answer:
            self._answer = answer
            for callback in self._on_change:
                callback()
