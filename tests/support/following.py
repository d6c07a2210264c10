"""Waiting for what the apiserver shows, by its watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from peapod.common import informer, process
from peapod.common.follower import Key, source_of
from peapod.common.informer import Informer
from peapod.common.kinds import EVENT, NODE, POD, Kind
from peapod.v1 import event_pb2, node_pb2, pod_pb2
from tests.support.apiserver import Api

PATIENCE = 30.0
"""Seconds within which what a test waits for has happened, on a busy machine."""


class Following:
    """Pods by name, nodes by name, events and whatever is asked for, as the watches show them."""

    def __init__(self, api: Api, more: Iterable[Kind] = ()) -> None:
        self._more: dict[Kind, Informer[Any]] = {
            kind: Informer(source_of(kind, kind.client(api.channel)), name=kind.plural) for kind in more
        }
        self.informers: tuple[Informer[Any], ...] = (
            Informer(informer.pods(api.pods), name="pods"),
            Informer(informer.nodes(api.nodes), name="nodes"),
            Informer(informer.events(api.events), name="events"),
            *self._more.values(),
        )
        self._changed = asyncio.Event()
        for one in self.informers:
            one.on_change(lambda *_: self._changed.set())

    @property
    def pods(self) -> Mapping[str, pod_pb2.Pod]:
        return {name: pod for (_, name), pod in self.informers[0].objects.items()}

    @property
    def nodes(self) -> Mapping[str, node_pb2.Node]:
        return {name: node for (_, name), node in self.informers[1].objects.items()}

    @property
    def events(self) -> list[event_pb2.Event]:
        return list(self.informers[2].objects.values())

    @property
    def bound(self) -> dict[str, str]:
        """The node of each pod that has one."""
        return {name: pod.spec.node_name for name, pod in self.pods.items() if pod.spec.node_name}

    def of(self, kind: Kind) -> Mapping[str, Any]:
        """The objects of one of the other kinds that are followed, by name."""
        return {name: one for (_, name), one in self._more[kind].objects.items()}

    def objects(self, kind: Kind) -> Mapping[Key, Any]:
        """All objects of a kind that is followed, by namespace and name."""
        usual = dict(zip((POD, NODE, EVENT), self.informers, strict=False))
        return (usual | self._more)[kind].objects

    def told(self, reason: str, name: str) -> list[str]:
        """The messages of all events with a reason about an object."""
        return [event.message for event in self.events if (event.reason, event.involved_object.name) == (reason, name)]

    async def reached(self, revision: int) -> None:
        """Wait until all is seen that has happened up to a revision."""
        for one in self.informers:
            await one.reach(revision)

    async def until(self, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until `holds`, looking again at each change."""
        async with asyncio.timeout(patience):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def following(api: Api, *more: Kind) -> AsyncGenerator[Following]:
    """Follow an apiserver from what is there now on, in more kinds than the usual ones where they are given."""
    watcher = Following(api, more)
    tasks = [process.spawn(one.run, "test") for one in watcher.informers]
    try:
        for one in watcher.informers:
            await one.synced()
        yield watcher
    finally:
        await process.end(*tasks)
