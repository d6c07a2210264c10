"""Follows a kind's objects at the apiserver, whatever happens to the connection.

A follower watches from revision 0: what exists comes first, on the same stream as the changes after it, so that
nothing falls between. A lost stream is taken up at the last revision. When that one is compacted away, the objects
are sent afresh.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import grpc.aio

from peapod.common.backoff import Backoff
from peapod.common.errors import Expired, Invalid, PeapodError, Unavailable, Unsupported, from_rpc
from peapod.common.kinds import Kind
from peapod.common.rpc import MessageStream
from peapod.common.watchdog import Watchdog
from peapod.v1.meta_pb2 import EVENT_TYPE_DELETED, ObjectMeta

logger = logging.getLogger(__name__)

STALL_SECONDS = 60.0
"""How long a stream may be silent; a server that has nothing to tell sends bookmarks much more often."""


class Resource(Protocol):
    """What all kinds have."""

    @property
    def metadata(self) -> ObjectMeta:
        """Carries the name, the uid and the revision."""
        ...


R = TypeVar("R", bound=Resource)

Key = tuple[str, str]
"""A namespace (empty for kinds outside of them) and a name."""


@dataclass(frozen=True)
class Source(Generic[R]):
    """One kind's watch: how to open it after a revision of a store, and where a change has its object."""

    watch: Callable[[int, str], MessageStream[Any]]
    pick: Callable[[Any], R]


def source_of(kind: Kind, client: object, labels: str = "", fields: str = "", namespace: str = "") -> Source[Any]:
    """Follow the objects of a kind that match; an empty namespace stands for all."""
    scope = {"namespace": namespace} if kind.namespaced else {}

    def watch(revision: int, store_id: str) -> MessageStream[Any]:
        selection = {"label_selector": labels, "field_selector": fields, **scope}
        request = kind.request("Watch", revision=revision, store_id=store_id, **selection)
        stream: MessageStream[Any] = kind.bound(client, "Watch")(request)
        return stream

    return Source(watch, kind.of)


class Change(NamedTuple, Generic[R]):
    """One change: the object as it is now, or, when it is gone, as it was last, at the revision of its end."""

    found: R
    gone: bool


class Follower(ABC, Generic[R]):
    """Hands on what a watch tells, up to `revision` (0 until the first snapshot is whole) of the store `store_id`."""

    def __init__(self, source: Source[R], *, name: str, stall_seconds: float = STALL_SECONDS) -> None:
        self._source = source
        self._name = name
        self._stall_seconds = stall_seconds
        self._resume_at = 0
        self._trouble = ""
        self._met = False
        self._moved = asyncio.Event()
        self.revision = 0
        self.store_id = ""

    @property
    def in_touch(self) -> bool:
        """Whether the watch goes on, as far as is known."""
        return self._met and not self._trouble

    async def synced(self) -> None:
        """Wait until the first snapshot is whole."""
        await self.wait_for(1)

    async def wait_for(self, revision: int) -> None:
        """Wait until everything up to the revision was handed on, or the store that it is of was replaced."""
        store_id = self.store_id
        while self.revision < revision and self.store_id == (store_id or self.store_id):
            await self.moved()

    async def reach(self, revision: int) -> None:
        """The same without the wait for a bookmark: ask the server which changes are still on their way.

        Raises what it says; may then be called again.
        """
        await self.synced()
        if self.revision < revision:
            await self.wait_for(await self._latest(revision))

    async def moved(self) -> None:
        """Wait until anything more was handed on."""
        await self._moved.wait()

    async def run(self) -> None:
        """Follow until cancelled. Raises `Invalid` or `Unsupported` when the server refuses the selectors; after all
        other ends of the stream it is opened again, with a growing, jittered pause. May be run again, and goes on.
        """
        backoff = Backoff(0.1, 2, reset_after=10)
        while True:
            try:
                await self._follow()
            except grpc.aio.AioRpcError as error:
                self._lost(from_rpc(error))
            except Unavailable as error:
                self._lost(error)
            await asyncio.sleep(backoff.next() * random.uniform(0.5, 1.0))

    @abstractmethod
    def _take_all(self, found: Mapping[Key, R], revision: int, store_id: str) -> None:
        """Take what there is, once the snapshot is whole; what is not in it is gone."""

    @abstractmethod
    def _take(self, changes: Sequence[Change[R]], revision: int, store_id: str) -> None:
        """Take changes, in order. The revision is the one that they go up to, or 0 when more of it is to come."""

    async def _follow(self) -> None:
        snapshot: dict[Key, R] | None = None if self._resume_at else {}
        async with self._source.watch(self._resume_at, self.store_id) as stream:
            with Watchdog(self._stall_seconds, stream.cancel) as watchdog:
                async for response in stream:
                    watchdog.feed()
                    self._back()
                    changes = [
                        Change(_own(self._source.pick(one)), one.type == EVENT_TYPE_DELETED) for one in response.events
                    ]
                    if snapshot is None:
                        self._take(changes, response.revision, response.store_id)
                    else:
                        _gather(snapshot, changes)
                    if response.revision:
                        if snapshot is not None:
                            self._take_all(snapshot, response.revision, response.store_id)
                            snapshot = None
                        self._advance(response.revision, response.store_id)

    async def _latest(self, revision: int) -> int:
        """Find the last change that has not been handed on, among those up to a revision at least; 0 for none."""
        last = 0
        while True:
            async with self._source.watch(self.revision, self.store_id) as stream:
                async for response in stream:
                    changed = [self._source.pick(one).metadata.resource_version for one in response.events]
                    last = max([last, *changed])
                    if response.revision >= revision:
                        return last

    def _advance(self, revision: int, store_id: str) -> None:
        if revision < self.revision or store_id != (self.store_id or store_id):
            logger.warning("%s: the store was replaced: from revision %d to %d", self._name, self.revision, revision)
        self.revision = self._resume_at = revision
        self.store_id = store_id
        self._moved.set()
        self._moved = asyncio.Event()

    def _lost(self, problem: PeapodError) -> None:
        if isinstance(problem, (Invalid, Unsupported)):
            raise problem
        if isinstance(problem, Expired):
            self._resume_at = 0
        trouble = f"{problem.code.name}: {problem.message}"
        if not self._met:
            if not self._trouble:
                logger.info("%s: waits for the apiserver (%s)", self._name, trouble)
        elif trouble != self._trouble:
            how = f"resuming at revision {self._resume_at}" if self._resume_at else "starting afresh"
            logger.warning("%s: lost the watch (%s), %s", self._name, trouble, how)
        self._trouble = trouble

    def _back(self) -> None:
        if self._trouble:
            logger.info("%s: the watch goes on" if self._met else "%s: found the apiserver", self._name)
        self._trouble = ""
        self._met = True


def key_of(found: Resource) -> Key:
    """Say what an object is found by."""
    return found.metadata.namespace, found.metadata.name


def _gather(snapshot: dict[Key, R], changes: Iterable[Change[R]]) -> None:
    for found, gone in changes:
        if gone:
            snapshot.pop(key_of(found), None)
        else:
            snapshot[key_of(found)] = found


def _own(found: R) -> R:
    """Copy an object out of its response: kept inside, it would keep all the others of the batch in memory."""
    return copy.deepcopy(found)
