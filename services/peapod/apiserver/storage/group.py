"""Group commit: the commits that wait while one group is being written form the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from peapod.apiserver.storage.limits import check
from peapod.apiserver.storage.store import Operation, PreconditionFailed
from peapod.common.errors import Unavailable

GATHER_MOST = 128
"""A group that is this large does not wait for more."""


class Commit(NamedTuple):
    """A commit that waits, and what its caller awaits."""

    operations: Sequence[Operation]
    done: asyncio.Future[int]


Outcome = int | PreconditionFailed
"""What a caller is to hear: the revision, or why the commit is not done."""

Choose = Callable[[Sequence[Commit]], tuple[list[Commit], list[Commit]]]
"""Splits the waiting commits, in the order they came, into the next group (never empty) and the rest."""

Write = Callable[[Sequence[Commit]], Awaitable[Sequence[Outcome]]]
"""Writes a group durably; what it raises is raised to every caller of the group."""


class GroupCommit:
    """Takes commits from many tasks and writes them group by group, one at a time."""

    def __init__(self, choose: Choose, write: Write) -> None:
        self._choose = choose
        self._write = write
        self._waiting: list[Commit] = []
        self._writer: asyncio.Task[None] | None = None
        self._closed = False

    async def commit(self, operations: Sequence[Operation]) -> int:
        """Wait until the operations are written, and return their revision. Raises `PreconditionFailed`."""
        if self._closed:
            raise Unavailable("the store is closed")
        check(operations)
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(Commit(operations, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all(), name="store writer")
        return await done

    async def close(self) -> None:
        """Take no more commits, and return when those that wait are written."""
        self._closed = True
        if self._writer is not None:
            await self._writer

    async def _write_all(self) -> None:
        while self._waiting:
            await self._gather()
            chosen, self._waiting = self._choose(self._waiting)
            group = [commit for commit in chosen if not commit.done.done()]
            try:
                outcomes = await self._write(group) if group else ()
            except Exception as error:
                _fail(group, error)
            else:
                _answer(group, outcomes)
        self._writer = None

    async def _gather(self) -> None:
        """Let those in who are about to commit, as long as each turn of the loop brings some.

        A lone commit waits for two turns; under load, groups grow several times larger than without.
        """
        count = 0
        while count < len(self._waiting) < GATHER_MOST:
            count = len(self._waiting)
            await asyncio.sleep(0)


def _answer(group: Sequence[Commit], outcomes: Sequence[Outcome]) -> None:
    for commit, outcome in zip(group, outcomes, strict=True):
        if commit.done.done():
            continue
        if isinstance(outcome, int):
            commit.done.set_result(outcome)
        else:
            commit.done.set_exception(outcome)


def _fail(group: Sequence[Commit], error: Exception) -> None:
    for commit in group:
        if not commit.done.done():
            commit.done.set_exception(error)
