"""One pod's containers as the runtime shows them: which instance is the present one, which are remains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from peapod.kubelet.naming import NETWORK
from peapod.kubelet.runtime.runtime import Observed, Phase


@dataclass(frozen=True, slots=True)
class Instances:
    """The instances of each container of one pod, newest attempt first. `Instances({})` is a pod without any."""

    by_name: Mapping[str, tuple[Observed, ...]]

    @classmethod
    def of(cls, uid: str, observed: Iterable[Observed]) -> Instances:
        """Take the pod's own containers out of all."""
        mine: dict[str, list[Observed]] = {}
        for one in observed:
            if one.name.uid == uid:
                mine.setdefault(one.name.container, []).append(one)
        return cls({name: tuple(sorted(ones, key=_age)) for name, ones in mine.items()})

    def all(self) -> list[Observed]:
        """Every instance of every container."""
        return [one for ones in self.by_name.values() for one in ones]

    def running(self) -> list[Observed]:
        """Every instance that runs now, the network container's last."""
        found = [one for one in self.all() if one.phase is Phase.RUNNING]
        return sorted(found, key=lambda one: one.name.container == NETWORK)

    def newest(self, container: str) -> Observed | None:
        """The present instance: the one with the highest attempt."""
        return next(iter(self.by_name.get(container, ())), None)

    def remains(self, container: str) -> Observed | None:
        """The instance before the present one, when it has run and ended: the last state, the previous log."""
        return next((one for one in self.by_name.get(container, ())[1:] if one.phase is Phase.EXITED), None)

    def network(self) -> Observed | None:
        """The network container, when it runs."""
        newest = self.newest(NETWORK)
        return newest if newest and newest.phase is Phase.RUNNING else None

    def address(self, *, needs_network: bool) -> str:
        """The pod's address; empty while it has none of its own."""
        holders = [self.network()] if needs_network else self.running()
        return next((one.ip for one in holders if one is not None and one.ip), "")

    def outlived_network(self, one: Observed) -> bool:
        """Tell whether a container ended after the network container that it had joined: then the node ended it,
        and its exit code says nothing.
        """
        older = [net for net in self.by_name.get(NETWORK, ()) if net.created_at <= one.created_at]
        if not older or one.finished_at is None or one.name.container == NETWORK:
            return False
        joined = max(older, key=lambda net: net.created_at)
        return joined.finished_at is not None and joined.finished_at <= one.finished_at


def _age(one: Observed) -> tuple[int, float]:
    return -one.name.attempt, -one.created_at.timestamp()
