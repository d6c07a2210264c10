"""The distributed engine: any number of apiservers on one etcd cluster, each with a store of its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from etcd3.etcdrpc import rpc_pb2

from peapod.apiserver.storage import etcd_txn
from peapod.apiserver.storage.etcd_client import EtcdClient, RevisionCompacted
from peapod.apiserver.storage.etcd_keys import Keys
from peapod.apiserver.storage.etcd_watch import follow
from peapod.apiserver.storage.group import Commit, GroupCommit, Outcome
from peapod.apiserver.storage.shared_call import SharedCall
from peapod.apiserver.storage.store import Batch, Compacted, Entry, Listing, Operation
from peapod.common.errors import PeapodError, Unavailable
from peapod.common.process import end

log = logging.getLogger(__name__)

_PAGE = 1000
"""How many entries one answer of a list has."""


class _Mark(NamedTuple):
    revision: int
    time: float


class EtcdStore:
    """The `Store` on an etcd cluster; several stores, anywhere, may share its keys.

    Calls are repeated at the next member for up to `patience` seconds, a commit so that it is done at most once. When
    the cluster has lost its data, everything but `list` fails until `list` has been called again.
    Changes are compacted away when they are `remember` to twice `remember` seconds old.
    """

    def __init__(
        self, endpoints: Sequence[str], prefix: str = "", *, patience: float = 10, remember: float = 600
    ) -> None:
        """Name the cluster's members as host:port; they are spoken to when the store is first used."""
        self._keys = Keys(prefix)
        self._client = EtcdClient(endpoints, patience)
        self._commits = GroupCommit(etcd_txn.choose, self._write)
        self._look = SharedCall(self._read_head)
        self._id = ""
        self._group = 0
        self._ledger = 0
        self._remember = remember
        self._mark = _Mark(0, time.monotonic())
        self._compacting: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._closed: asyncio.Task[None] | None = None

    async def get(self, key: str) -> Entry | None:
        """Ask the cluster for one key."""
        answer = await self._range(rpc_pb2.RangeRequest(key=self._keys.encode(key)))
        return self._keys.entry(answer.kvs[0]) if answer.kvs else None

    async def list(self, prefix: str) -> Listing:
        """Ask the cluster for all keys that start with `prefix`, page by page, all as of the first page."""
        while True:
            # The pages' revision can be compacted away between two of them.
            with suppress(RevisionCompacted):
                return await self._list(prefix)

    async def revision(self) -> int:
        """Ask the cluster for the newest revision, once for all who ask at the same time."""
        self._require_open()
        return await self._look()

    async def commit(self, operations: Sequence[Operation]) -> int:
        """Queue the operations for the next transaction and wait until it is done."""
        return await self._commits.commit(operations)

    def watch(self, prefix: str, after: int) -> AsyncGenerator[Batch, None]:
        """Stream from whatever member answers; see `etcd_watch`."""
        return follow(self._client, self._keys, prefix, after, self._closing, partial(self._confirm, self._id))

    async def compact(self, revision: int) -> None:
        """Have the cluster forget changes, those of others on the same cluster too."""
        self._require_open()
        with suppress(RevisionCompacted):
            await self._client.compact(revision)

    async def close(self) -> None:
        """Write what waits, end the watches and disconnect."""
        if self._closed is None:
            self._closed = asyncio.create_task(self._close(), name="store close")
        await asyncio.shield(self._closed)

    async def _close(self) -> None:
        self._closing.set()
        self._client.end_watches()
        await self._commits.close()
        if self._compacting is not None:
            await end(self._compacting)
        if self._ledger:
            await self._client.leave_out(self._keys.ledger)
        await self._client.close()

    async def _list(self, prefix: str) -> Listing:
        start, stop = self._keys.span(prefix)
        entries: list[Entry] = []
        head = await self._head()
        revision = head.header.revision
        while True:
            page = await self._range(rpc_pb2.RangeRequest(key=start, range_end=stop, limit=_PAGE, revision=revision))
            entries += (entry for stored in page.kvs if (entry := self._keys.entry(stored)))
            if not page.more:
                self._id = _id(head)
                return Listing(entries, revision, self._id)
            start = page.kvs[-1].key + b"\0"

    async def _read_head(self) -> int:
        head = await self._head()
        self._id = self._id or _id(head)
        if _id(head) != self._id:
            raise _lost(self._id)
        return int(head.kvs[0].mod_revision)

    async def _head(self) -> rpc_pb2.RangeResponse:
        while True:
            answer = await self._range(rpc_pb2.RangeRequest(key=self._keys.head))
            if answer.kvs:
                return answer
            # Only what is stored has a revision that every watch will reach.
            await self._client.txn(etcd_txn.create_head(self._keys))

    async def _confirm(self, known: str, after: int) -> None:
        """Raise `Compacted` unless the cluster still has the store that was known, and no earlier state of it."""
        head = await self._head()
        if (known and known != _id(head)) or head.header.revision < after:
            raise Compacted(head.header.revision)

    async def _range(self, request: rpc_pb2.RangeRequest) -> rpc_pb2.RangeResponse:
        self._require_open()
        return await self._client.range(request)

    async def _write(self, group: Sequence[Commit]) -> Sequence[Outcome]:
        if not self._id:
            await self._read_head()
        self._group += 1
        store_id = self._id
        while True:
            request = etcd_txn.request(self._keys, group, self._group, self._ledger, store_id)
            answer = await self._client.txn(request)
            if answer.succeeded:
                self._ledger = answer.header.revision
                self._age(self._ledger)
                return etcd_txn.outcomes(self._keys, group, answer)
            if etcd_txn.store_id(answer) != store_id:
                raise _lost(store_id)
            # A transaction was carried out whose answer was lost: this one, or that of a group before.
            number, self._ledger = etcd_txn.ledger(answer)
            if number == self._group:
                return await self._inquire(group, self._ledger)

    async def _inquire(self, group: Sequence[Commit], revision: int) -> Sequence[Outcome]:
        try:
            answer = await self._client.txn(etcd_txn.inquiry(self._keys, group, revision))
        except RevisionCompacted as error:
            raise Unavailable("the answer was lost, and what it was is compacted away: read again") from error
        return etcd_txn.outcomes_at(self._keys, group, revision, answer)

    def _age(self, revision: int) -> None:
        """Compact, now that there is more history, what is old enough; several stores may do so side by side."""
        now = time.monotonic()
        if now - self._mark.time < self._remember:
            return
        old, self._mark = self._mark, _Mark(revision, now)
        if old.revision:
            self._compacting = asyncio.create_task(self._forget(old.revision), name="store compaction")

    async def _forget(self, revision: int) -> None:
        try:
            await self.compact(revision)
        except PeapodError as error:
            log.warning("etcd was not compacted, which is tried again later: %s", error)

    def _require_open(self) -> None:
        if self._closing.is_set():
            raise Unavailable("the store is closed")


def _id(head: rpc_pb2.RangeResponse) -> str:
    return str(head.kvs[0].value.decode())


def _lost(id: str) -> Unavailable:
    return Unavailable(f"etcd no longer has the store {id}, but another one: nothing was written")
