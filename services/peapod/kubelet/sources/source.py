"""The protocol that every source of pods speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from peapod.v1 import pod_pb2


class Source(Protocol):
    """Says which pods this node is to run, as one place sees it."""

    @property
    def name(self) -> str:
        """One word, which becomes a part of the containers' names: "api", "file" or "http"."""
        ...

    @property
    def doubt(self) -> str | None:
        """Why the place was not believed when `pods` was asked last, in one sentence; empty when it was, and None when
        it has not told its pods yet.
        """
        ...

    def pods(self) -> Mapping[str, pod_pb2.Pod] | None:
        """All pods by uid; None while it is not sure that these are all, or that they are not old. What is missing
        from a mapping is to be removed; None removes nothing.
        """
        ...

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back whenever `pods` may answer differently."""
        ...

    def on_doubt(self, callback: Callable[[], None]) -> None:
        """Call back when `doubt` has changed."""
        ...

    async def run(self) -> None:
        """Follow the place until cancelled."""
        ...
