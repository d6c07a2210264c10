"""The protocol that every source of pods speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from peapod.v1 import pod_pb2

API = "api"
"""The name of the source that is the apiserver; pods of all others are static."""


class Source(Protocol):
    """Says which pods this node is to run, as one place sees it."""

    @property
    def name(self) -> str:
        """One word, which becomes a part of the containers' names: "api", "file" or "http"."""
        ...

    @property
    def complete(self) -> bool:
        """Whether pods of this source that `pods` does not have are wanted by nobody, even those that were started
        before this kubelet was.
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

    async def run(self) -> None:
        """Follow the place until cancelled."""
        ...
