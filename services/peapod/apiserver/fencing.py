"""Refuses the writes of leaders that were replaced (common/fence.py), in the very commits that would do them.

Beside each lease is a key that is written only with a change of the lease's holder, in the same commit. A call that
carries a fence makes no commit but those that check this key.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

from peapod.apiserver.keys import ROOT
from peapod.apiserver.storage.store import Check, Entry, Operation, PreconditionFailed, Put, Store
from peapod.common import fence
from peapod.common.errors import Conflict
from peapod.common.fence import Fence
from peapod.common.rpc import Guard, Method
from peapod.v1.lease_pb2 import Lease

_carried: ContextVar[Fence | None] = ContextVar("fence", default=None)


def fence_key(lease: str) -> str:
    """The key of what is kept beside a lease: the count of its holders."""
    return f"{ROOT}fences/{lease}"


def fenced(guard: Guard) -> Guard:
    """Have `guard` guard methods that know the fence of the call they are in; streams write nothing, and need none."""

    def guarded(path: str, method: Method) -> Method:
        if not inspect.iscoroutinefunction(method):
            return guard(path, method)

        async def with_fence(request: Any, context: Any) -> Any:
            token = _carried.set(_fence_of(context.invocation_metadata()))
            try:
                return await method(request, context)
            finally:
                _carried.reset(token)

        return guard(path, with_fence)

    return guarded


class Fencing:
    """Commits to a store on behalf of calls, and keeps the counts of leases."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Entry | None] = {}

    async def commit(self, operations: Sequence[Operation]) -> int:
        """Commit as the store does; raises `Conflict` (FENCED) for a call whose fence does not hold any more."""
        fence = _carried.get()
        if fence is None:
            return await self._store.commit(operations)
        key = fence_key(fence.lease)
        if any(operation.key == key for operation in operations):
            # Who takes the lease itself holds it against the lease's own version.
            return await self._store.commit(operations)
        while True:
            check = Check(key, await self._revision(key, fence))
            try:
                return await self._store.commit([*operations, check])
            except PreconditionFailed as failed:
                if key not in failed.current:
                    raise
                self._known[key] = failed.current[key]

    @asynccontextmanager
    async def lease_companion(self, old: Lease | None, new: Lease | None) -> AsyncGenerator[Sequence[Operation], None]:
        """Keep the count in step with the lease. It outlives the lease: one that is made again counts on."""
        if new is None or (old is not None and old.spec.transitions == new.spec.transitions):
            yield ()
            return
        key = fence_key(new.metadata.name)
        kept = await self._store.get(key)
        if old is None and kept is not None:
            new.spec.transitions = max(new.spec.transitions, int(kept.value) + 1)
        yield [Put(key, b"%d" % new.spec.transitions, expect=kept.revision if kept else 0)]

    async def _revision(self, key: str, fence: Fence) -> int:
        """Find since when the fence holds. Raises `Conflict` (FENCED) unless it does."""
        entry = self._known.get(key)
        if not _holds(fence, entry):
            entry = self._known[key] = await self._store.get(key)
        if entry is None or not _holds(fence, entry):
            raise _refused(fence, entry)
        return entry.revision


def _holds(fence: Fence, entry: Entry | None) -> bool:
    return entry is not None and int(entry.value) == fence.transitions


def _fence_of(metadata: Any) -> Fence | None:
    for key, value in metadata or ():
        if key == fence.KEY:
            return Fence.parse(value)
    return None


def _refused(given: Fence, entry: Entry | None) -> Conflict:
    found = f"it has had {int(entry.value)} by now" if entry else "there is no such lease"
    message = f"the lease {given.lease} is not held any more by who had it as number {given.transitions}: {found}"
    return Conflict(message, reason=fence.REASON)
