"""Which of etcd's keys a store uses: its own keys, below a prefix, and two kinds that are never shown."""

from __future__ import annotations

from uuid import uuid4

from etcd3.etcdrpc import kv_pb2

from peapod.apiserver.storage.limits import ROOT
from peapod.apiserver.storage.store import Entry

_HIDDEN = ROOT + "."


class Keys:
    """Maps a store's keys to etcd's, which have `prefix` in front."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.head = self.encode(_HIDDEN + "head")
        """Put by every transaction of every store, so that its revision is the newest commit's. Its value is the
        store's id.
        """
        self.ledger = self.encode(f"{_HIDDEN}writers/{uuid4()}")
        """Put by every transaction of this store alone, so that it knows which of them were carried out."""

    def encode(self, key: str) -> bytes:
        """Write a key as etcd has it."""
        return (self._prefix + key).encode()

    def span(self, prefix: str = ROOT) -> tuple[bytes, bytes]:
        """The first key that starts with `prefix`, and the first after all that do."""
        start = self.encode(prefix)
        return start, start[:-1] + bytes([start[-1] + 1])

    def entry(self, stored: kv_pb2.KeyValue) -> Entry | None:
        """Read an entry; None for one that is never shown."""
        key = stored.key.decode()[len(self._prefix) :]
        return None if key.startswith(_HIDDEN) else Entry(key, stored.value, stored.mod_revision)
