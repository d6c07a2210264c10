"""The loop that every controller runs on: it calls a reconciler for each key that may have to be set right.

A reconciler is level-triggered: it is told which object to look at, never what happened to it, and compares what there
is with what should be. For one key it runs once at a time, for several keys at the same time.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import grpc

from peapod.common import process
from peapod.common.errors import AlreadyExists, Conflict, NotFound, PeapodError, TooLate, Unavailable, from_rpc
from peapod.common.follower import Follower
from peapod.common.work_queue import WorkQueue

logger = logging.getLogger(__name__)

WORKERS = 8
RESYNC_SECONDS = 300.0
"""How often all keys are looked at though nothing happened: a safety net, and no more."""

_LOST_RACES = (AlreadyExists, Conflict, NotFound)
"""Nothing to tell people about: what changed meanwhile is seen when the key is looked at again."""

K = TypeVar("K", bound=Hashable)
K_contra = TypeVar("K_contra", bound=Hashable, contravariant=True)


class Reconciler(Protocol[K_contra]):
    """Sets one object right."""

    async def reconcile(self, key: K_contra) -> str:
        """Do so, and say in one sentence what that took; an empty one when all was well.

        What it raises has the key looked at again after a growing pause. It may be cancelled at any moment.
        """
        ...


class ReconcileLoop(Generic[K]):
    """Runs a reconciler on whatever keys are added, from the moment on when all `caches` are filled.

    `keys` names all that there are, for the first look and for the safety net. `name` is how the log calls the loop.
    """

    def __init__(
        self,
        name: str,
        reconciler: Reconciler[K],
        caches: Sequence[Follower[Any]],
        keys: Callable[[], Iterable[K]],
        *,
        workers: int = WORKERS,
        resync_seconds: float = RESYNC_SECONDS,
    ) -> None:
        self._name = name
        self._reconciler = reconciler
        self._caches = caches
        self._keys = keys
        self._workers = workers
        self._resync_seconds = resync_seconds
        self._queue: WorkQueue[K] | None = None
        self._writes: dict[K, dict[Follower[Any], tuple[str, int]]] = {}
        self._troubles: dict[K, str] = {}
        self._outage = ""
        self._woken = asyncio.Event()

    def add(self, key: K) -> None:
        """Have a key looked at."""
        self.add_after(key, 0)

    def add_after(self, key: K, seconds: float) -> None:
        """Have a key looked at after some time, unless it is earlier anyway."""
        if self._queue is not None:
            self._queue.add_after(key, seconds)
            self._woken.set()

    def forgive(self, key: K) -> None:
        """Have a key looked at now although it has failed before: its owner has changed something."""
        if self._queue is not None:
            self._queue.forgive(key)
            self._woken.set()

    def wrote(self, key: K, cache: Follower[Any], revision: int) -> None:
        """Take in that a reconciler has written an object of a cache on behalf of a key: the key is not looked at again
        before the cache shows that revision.
        """
        writes = self._writes.setdefault(key, {})
        _, before = writes.get(cache, ("", 0))
        writes[cache] = cache.store_id, max(before, revision)

    async def run(self) -> None:
        """Reconcile until cancelled. May be run again, and begins with a look at all keys; what was added before is in
        that look.
        """
        for cache in self._caches:
            await cache.synced()
        queue: WorkQueue[K] = WorkQueue()
        self._queue, self._writes = queue, {}
        working: set[asyncio.Task[None]] = set()
        try:
            await self._dispatch(queue, working)
        finally:
            await process.end(*working)
            self._queue = None

    async def _dispatch(self, queue: WorkQueue[K], working: set[asyncio.Task[None]]) -> None:
        resync = time.monotonic()
        while True:
            if time.monotonic() >= resync:
                resync = time.monotonic() + self._resync_seconds * random.uniform(0.8, 1.0)
                for each in self._keys():
                    queue.add(each)
            self._woken.clear()
            while len(working) < self._workers and (key := queue.take()) is not None:
                task = asyncio.create_task(self._work(queue, key), name=f"{self._name} {_text(key)}")
                working.add(task)
                task.add_done_callback(working.discard)
                task.add_done_callback(lambda _: self._woken.set())
            due = queue.next_due() if len(working) < self._workers else None
            await self._sleep(resync if due is None else min(due, resync))

    async def _sleep(self, until: float) -> None:
        """Wait until then, or until a key is added or a worker is free."""
        wait = until - time.monotonic()
        timer = asyncio.get_running_loop().call_later(max(0.0, wait), self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()

    async def _work(self, queue: WorkQueue[K], key: K) -> None:
        try:
            await self._own_writes_seen(key)
            revision = self._caches[0].revision
            said = await self._reconciler.reconcile(key)
        except Exception as error:
            self._failed(key, error, queue.failed(key))
            return
        queue.done(key)
        self._recovered(key)
        if said:
            logger.info("%s %s: %s (revision %d)", self._name, _text(key), said, revision)

    async def _own_writes_seen(self, key: K) -> None:
        for cache, (store_id, revision) in self._writes.pop(key, {}).items():
            # Another store has revisions of its own; what was written to this one is lost.
            while cache.store_id == store_id and cache.revision < revision:
                await cache.moved()

    def _failed(self, key: K, error: Exception, delay: float) -> None:
        problem = from_rpc(error) if isinstance(error, grpc.RpcError) else error
        if isinstance(problem, (Unavailable, TooLate)):
            if not self._outage:
                logger.warning("%s: cannot go on (%s), trying again", self._name, problem)
            self._outage = str(problem)
        elif self._troubles.get(key) != (text := f"{type(problem).__name__}: {problem}"):
            self._troubles[key] = text
            level = logging.DEBUG if isinstance(problem, _LOST_RACES) else logging.WARNING
            bug = None if isinstance(problem, (PeapodError, OSError)) else error
            words = "%s %s: %s; trying again in %.1f s"
            logger.log(
                level if bug is None else logging.ERROR, words, self._name, _text(key), problem, delay, exc_info=bug
            )

    def _recovered(self, key: K) -> None:
        self._troubles.pop(key, None)
        if self._outage:
            logger.info("%s: goes on", self._name)
        self._outage = ""


def _text(key: Hashable) -> str:
    return "/".join(key) if isinstance(key, tuple) else str(key)
