"""Commits one object of a kind together with all that has to hold with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Generic

from peapod.apiserver.feed import Feed
from peapod.apiserver.resources.strategy import R
from peapod.apiserver.storage.store import Delete, Entry, Operation, PreconditionFailed, Put

Commit = Callable[[Sequence[Operation]], Awaitable[int]]
"""Does all operations or none, as `Store.commit` does."""

Companion = Callable[[R | None, R | None], AbstractAsyncContextManager[Sequence[Operation]]]
"""Given an object's old and its new state, of which one may be absent, a context with the operations that belong into
the same commit, which is made inside of it. May complete the new state first, and may raise `PeapodError`.

When any of its operations fails it learns so by the `PreconditionFailed`, which it passes on; it is then asked anew,
with the same states, once the caches hold all that was committed until then.
"""


class Writer(Generic[R]):
    """Writes the objects of one kind."""

    def __init__(self, commit: Commit, feed: Feed, companions: Sequence[Companion[R]]) -> None:
        self._commit = commit
        self._feed = feed
        self._companions = companions

    async def write(self, key: str, expect: int, old: R | None, new: R | None) -> Entry:
        """Replace `old`, which is at revision `expect`, by `new`, each of them None for absent. Returns the entry as it
        is then; a removed one has no value.

        Raises `PreconditionFailed` when it is the object itself that has changed, and what companions raise.
        """
        while True:
            try:
                return await self._try(key, expect, old, new)
            except PreconditionFailed as failed:
                if key in failed.current:
                    raise
                await self._feed.fresh()

    async def _try(self, key: str, expect: int, old: R | None, new: R | None) -> Entry:
        async with AsyncExitStack() as stack:
            operations: list[Operation] = []
            for companion in self._companions:
                operations += await stack.enter_async_context(companion(old, new))
            # Encoded only now, since companions may have completed it.
            value = b"" if new is None else new.SerializeToString()
            own = Delete(key, expect) if new is None else Put(key, value, expect)
            return Entry(key, value, await self._commit([own, *operations]))
