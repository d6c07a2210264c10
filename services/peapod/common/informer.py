"""A local copy of a kind's objects that follows the apiserver, whatever happens to the connection.

What vanished while an informer could not follow is told as DELETED.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from peapod.common import kinds
from peapod.common.follower import STALL_SECONDS, Change, Follower, Key, R, Source, key_of, source_of
from peapod.v1.event_pb2 import Event
from peapod.v1.event_service_rpc import EventServiceClient
from peapod.v1.meta_pb2 import EVENT_TYPE_ADDED, EVENT_TYPE_DELETED, EVENT_TYPE_MODIFIED, EventType
from peapod.v1.namespace_pb2 import Namespace
from peapod.v1.namespace_service_rpc import NamespaceServiceClient
from peapod.v1.node_pb2 import Node
from peapod.v1.node_service_rpc import NodeServiceClient
from peapod.v1.pod_pb2 import Pod
from peapod.v1.pod_service_rpc import PodServiceClient
from peapod.v1.secret_pb2 import Secret
from peapod.v1.secret_service_rpc import SecretServiceClient

logger = logging.getLogger(__name__)


def pods(client: PodServiceClient, labels: str = "", fields: str = "", namespace: str = "") -> Source[Pod]:
    """Follow the pods that match; an empty namespace stands for all."""
    return source_of(kinds.POD, client, labels, fields, namespace)


def nodes(client: NodeServiceClient, labels: str = "", fields: str = "") -> Source[Node]:
    """Follow the nodes that match."""
    return source_of(kinds.NODE, client, labels, fields)


def namespaces(client: NamespaceServiceClient, labels: str = "", fields: str = "") -> Source[Namespace]:
    """Follow the namespaces that match."""
    return source_of(kinds.NAMESPACE, client, labels, fields)


def events(client: EventServiceClient, labels: str = "", fields: str = "", namespace: str = "") -> Source[Event]:
    """Follow the events that match; an empty namespace stands for all."""
    return source_of(kinds.EVENT, client, labels, fields, namespace)


def secrets(client: SecretServiceClient, labels: str = "", fields: str = "", namespace: str = "") -> Source[Secret]:
    """Follow the secrets that match; an empty namespace stands for all."""
    return source_of(kinds.SECRET, client, labels, fields, namespace)


class Informer(Follower[R]):
    """Keeps `objects` as the apiserver has them, as of `revision` (0 until the first snapshot is whole) of the store
    `store_id`.

    Callbacks are called in order, each change once, when `objects` has it already: `(type, old, new)`, where
    ADDED has no old and DELETED no new object. They must not block; one that raises is logged and passed over.
    Objects are shared by all: nobody changes them.
    """

    def __init__(self, source: Source[R], *, name: str, stall_seconds: float = STALL_SECONDS) -> None:
        super().__init__(source, name=name, stall_seconds=stall_seconds)
        self._objects: dict[Key, R] = {}
        self._callbacks: list[Callable[[EventType, R | None, R | None], None]] = []
        self.objects: Mapping[Key, R] = MappingProxyType(self._objects)

    def on_change(self, callback: Callable[[EventType, R | None, R | None], None]) -> None:
        """Call back on each change from now on; register before `run` to miss none."""
        self._callbacks.append(callback)

    def _take_all(self, found: Mapping[Key, R], revision: int, store_id: str) -> None:
        for key in self._objects.keys() - found.keys():
            self._set(key, None)
        for key, new in found.items():
            if self._objects.get(key) != new:
                self._set(key, new)

    def _take(self, changes: Sequence[Change[R]], revision: int, store_id: str) -> None:
        for found, gone in changes:
            self._set(key_of(found), None if gone else found)

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


def _kind(old: R | None, new: R | None) -> EventType | None:
    """Name the change; None when there is none."""
    if old is None:
        return None if new is None else EVENT_TYPE_ADDED
    return EVENT_TYPE_DELETED if new is None else EVENT_TYPE_MODIFIED
