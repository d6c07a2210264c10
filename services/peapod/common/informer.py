"""A local copy of a kind's objects that follows the apiserver, whatever happens to the connection.

An informer watches from revision 0: what exists comes first, on the same stream as the changes after it, so that
nothing falls between. A lost stream is taken up at the last revision. When that one is compacted away, the objects
are sent afresh, and what vanished meanwhile is told as DELETED.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

import grpc.aio

from peapod.common.backoff import Backoff
from peapod.common.errors import Expired, Invalid, PeapodError, Unavailable, Unsupported, from_rpc
from peapod.common.rpc import MessageStream
from peapod.common.watchdog import Watchdog
from peapod.v1.event_pb2 import Event
from peapod.v1.event_service_pb2 import WatchEventsRequest
from peapod.v1.event_service_rpc import EventServiceClient
from peapod.v1.meta_pb2 import EVENT_TYPE_ADDED, EVENT_TYPE_DELETED, EVENT_TYPE_MODIFIED, EventType, ObjectMeta
from peapod.v1.namespace_pb2 import Namespace
from peapod.v1.namespace_service_pb2 import WatchNamespacesRequest
from peapod.v1.namespace_service_rpc import NamespaceServiceClient
from peapod.v1.node_pb2 import Node
from peapod.v1.node_service_pb2 import WatchNodesRequest
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_pb2 import Pod
from peapod.v1.pod_service_pb2 import WatchPodsRequest
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod.v1.secret_pb2 import Secret
from peapod.v1.secret_service_pb2 import WatchSecretsRequest
from peapod.v1.secret_service_rpc import SecretServiceClient

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


def pods(client: PodServiceClient, labels: str = "", fields: str = "", namespace: str = "") -> Source[Pod]:
    """Follow the pods that match; an empty namespace stands for all."""

    def watch(revision: int, store_id: str) -> MessageStream[Any]:
        return client.watch_pods(
            WatchPodsRequest(
                namespace=namespace, label_selector=labels, field_selector=fields, revision=revision, store_id=store_id
            )
        )

    return Source(watch, lambda change: change.pod)


def nodes(client: NodeServiceClient, labels: str = "", fields: str = "") -> Source[Node]:
    """Follow the nodes that match."""

    def watch(revision: int, store_id: str) -> MessageStream[Any]:
        return client.watch_nodes(
            WatchNodesRequest(label_selector=labels, field_selector=fields, revision=revision, store_id=store_id)
        )

    return Source(watch, lambda change: change.node)


def namespaces(client: NamespaceServiceClient, labels: str = "", fields: str = "") -> Source[Namespace]:
    """Follow the namespaces that match."""

    def watch(revision: int, store_id: str) -> MessageStream[Any]:
        return client.watch_namespaces(
            WatchNamespacesRequest(label_selector=labels, field_selector=fields, revision=revision, store_id=store_id)
        )

    return Source(watch, lambda change: change.namespace)


def events(client: EventServiceClient, labels: str = "", fields: str = "", namespace: str = "") -> Source[Event]:
    """Follow the events that match; an empty namespace stands for all."""

    def watch(revision: int, store_id: str) -> MessageStream[Any]:
        return client.watch_events(
            WatchEventsRequest(
                namespace=namespace, label_selector=labels, field_selector=fields, revision=revision, store_id=store_id
            )
        )

    return Source(watch, lambda change: change.event)


def secrets(client: SecretServiceClient, labels: str = "", fields: str = "", namespace: str = "") -> Source[Secret]:
    """Follow the secrets that match; an empty namespace stands for all."""

    def watch(revision: int, store_id: str) -> MessageStream[Any]:
        return client.watch_secrets(
            WatchSecretsRequest(
                namespace=namespace, label_selector=labels, field_selector=fields, revision=revision, store_id=store_id
            )
        )

    return Source(watch, lambda change: change.secret)


class Informer(Generic[R]):
    """Keeps `objects` as the apiserver has them, as of `revision` (0 until the first snapshot is whole) of the store
    `store_id`.

    Callbacks are called in order, each change once, when `objects` has it already: `(type, old, new)`, where
    ADDED has no old and DELETED no new object. They must not block; one that raises is logged and passed over.
    Objects are shared by all: nobody changes them.
    """

    def __init__(self, source: Source[R], *, name: str, stall_seconds: float = STALL_SECONDS) -> None:
        self._source = source
        self._name = name
        self._stall_seconds = stall_seconds
        self._objects: dict[Key, R] = {}
        self._callbacks: list[Callable[[EventType, R | None, R | None], None]] = []
        self._resume_at = 0
        self._trouble = ""
        self._met = False
        self._moved = asyncio.Event()
        self.objects: Mapping[Key, R] = MappingProxyType(self._objects)
        self.revision = 0
        self.store_id = ""

    def on_change(self, callback: Callable[[EventType, R | None, R | None], None]) -> None:
        """Call back on each change from now on; register before `run` to miss none."""
        self._callbacks.append(callback)

    async def synced(self) -> None:
        """Wait until the first snapshot is whole."""
        await self.wait_for(1)

    async def wait_for(self, revision: int) -> None:
        """Wait until `objects` is as new as the revision."""
        while self.revision < revision:
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

    async def _follow(self) -> None:
        snapshot: dict[Key, R] | None = None if self._resume_at else {}
        async with self._source.watch(self._resume_at, self.store_id) as stream:
            with Watchdog(self._stall_seconds, stream.cancel) as watchdog:
                async for response in stream:
                    watchdog.feed()
                    self._back()
                    if snapshot is None:
                        self._apply(response.events)
                    else:
                        self._gather(snapshot, response.events)
                    if response.revision:
                        if snapshot is not None:
                            self._replace(snapshot)
                            snapshot = None
                        self._advance(response.revision, response.store_id)

    def _gather(self, snapshot: dict[Key, R], changes: Iterable[Any]) -> None:
        for change in changes:
            found = _own(self._source.pick(change))
            if change.type == EVENT_TYPE_DELETED:
                snapshot.pop(_key(found), None)
            else:
                snapshot[_key(found)] = found

    def _replace(self, snapshot: Mapping[Key, R]) -> None:
        for key in self._objects.keys() - snapshot.keys():
            self._set(key, None)
        for key, found in snapshot.items():
            if self._objects.get(key) != found:
                self._set(key, found)

    def _apply(self, changes: Iterable[Any]) -> None:
        for change in changes:
            found = _own(self._source.pick(change))
            self._set(_key(found), None if change.type == EVENT_TYPE_DELETED else found)

    def _set(self, key: Key, new: R | None) -> None:
        """Make one object what it is now, and tell what that changed."""
        old = self._objects.get(key)
        if old is not None and new is not None and old.metadata.uid != new.metadata.uid:
            self._set(key, None)
            old = None
        if new is None:
            self._objects.pop(key, None)
        else:
            self._objects[key] = new
        if (kind := _kind(old, new)) is not None:
            self._tell(kind, old, new)

    def _tell(self, kind: EventType, old: R | None, new: R | None) -> None:
        for callback in self._callbacks:
            try:
                callback(kind, old, new)
            except Exception:
                logger.exception("%s: a callback failed at revision %d", self._name, self.revision)

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


def _own(found: R) -> R:
    """Copy an object out of its response: kept inside, it would keep all the others of the batch in memory."""
    return copy.deepcopy(found)


def _key(found: R) -> Key:
    return found.metadata.namespace, found.metadata.name


def _kind(old: R | None, new: R | None) -> EventType | None:
    """Name the change; None when there is none."""
    if old is None:
        return None if new is None else EVENT_TYPE_ADDED
    return EVENT_TYPE_DELETED if new is None else EVENT_TYPE_MODIFIED
