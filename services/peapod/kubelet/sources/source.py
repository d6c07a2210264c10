"""The protocols that sources of pods speak: every one of them, and the one that stands for the apiserver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


class ApiSource(Source, Protocol):
    """The source whose pods are the apiserver's."""

    @property
    def doubt(self) -> str | None:
        """Why the apiserver was not believed at the last look; None when it has not told its pods yet."""
        ...

    def on_doubt(self, callback: Callable[[], None]) -> None:
        """Call back when `doubt` has changed."""
        ...

    def mirrors(self) -> Sequence[pod_pb2.Pod]:
        """The pods that show this node's static pods, as they were when last heard of."""
        ...

    async def reached(self, revision: int) -> None:
        """Wait until `pods` and `mirrors` are as new as the revision."""
        ...
