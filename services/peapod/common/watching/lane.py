"""One lane of the fan-out: watchers that want the same share it, and each message is joined once for all of them.

An idle lane sends at once; after a send it collects for `PAUSE` seconds, so that under load many changes travel in
one message. What a watcher has not taken yet stays on the lane, up to a bound; a watcher that falls off the end is
told to resume.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from itertools import islice
from typing import Generic

from peapod.common.errors import PeapodError, SlowWatcher
from peapod.common.watching.cache import Cache
from peapod.common.watching.form import Form, I
from peapod.common.watching.occurrence import Occurrence
from peapod.common.watching.selection import Selection

logger = logging.getLogger(__name__)

PAUSE = 0.010
KEEP_BYTES = 32 << 20
"""How much a lane keeps for its slowest watcher."""
MESSAGE_BYTES = 1 << 20
"""About how much is joined into one message."""


class Watcher:
    """One open watch: how many of its lane's messages it has taken, and when it has to end."""

    __slots__ = ("deadline", "over", "position")

    def __init__(self, position: int, deadline: float) -> None:
        self.position = position
        self.deadline = deadline
        self.over = False


class Lane(Generic[I]):
    """The messages for all watchers of one selection in one form, numbered from the lane's start."""

    def __init__(self, cache: Cache[I], selection: Selection, form: Form[I]) -> None:
        self.selection = selection
        self.form = form
        self.watchers: set[Watcher] = set()
        self.ending: PeapodError | None = None
        """Why all watches end, once every message is taken."""
        self._cache = cache
        self._pending: list[bytes] = []
        self._messages: deque[bytes] = deque()
        self._first = 0
        self._bytes = 0
        self._next_send: asyncio.Handle | None = None
        self._moved = asyncio.Event()
        self._quiet = True

    @property
    def head(self) -> int:
        """The number that the next message will have."""
        return self._first + len(self._messages)

    def join(self, deadline: float) -> Watcher:
        """Add a watcher that gets every change that the cache takes in from now on."""
        if self._pending:
            self._push()
        watcher = Watcher(self.head, deadline)
        self.watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Forget a watcher."""
        self.watchers.discard(watcher)
        if not self.watchers and self._next_send is not None:
            self._next_send.cancel()
            self._next_send = None

    def offer(self, occurrence: Occurrence[I]) -> None:
        """Take in a change; it is sent at once, or when the pause ends."""
        try:
            encoded = occurrence.seen_through(self.selection, self.form)
        except Exception:
            # One object that cannot be written ends its watches, and neither the others nor the feed of the cache.
            logger.exception("a change at revision %d cannot be written", occurrence.revision)
            self.end(PeapodError("a change cannot be written: list again"))
            return
        if encoded is None:
            return
        self._pending.append(encoded)
        if self._next_send is None:
            self._next_send = asyncio.get_running_loop().call_soon(self._send)

    async def wait(self, watcher: Watcher) -> bytes | None:
        """Return messages that the watcher has not taken yet, joined up to a bound; None when its watch is over.

        Raises `SlowWatcher`, and what the lane ends with.
        """
        while watcher.position == self.head:
            if watcher.over:
                return None
            if self.ending is not None:
                raise self.ending
            await self._moved.wait()
        message, watcher.position = self._take(watcher.position)
        return message

    def tick(self, now: float) -> None:
        """Send a bookmark if nothing was sent since the last tick, and end the watches that are due."""
        if self._quiet:
            self._push()
            self._trim()
        self._quiet = True
        for watcher in self.watchers:
            watcher.over = now >= watcher.deadline
        self._wake()

    def end(self, error: PeapodError) -> None:
        """End every watch with `error`, after what is pending."""
        if self._pending:
            self._push()
        self.ending = error
        self._wake()

    def _send(self) -> None:
        self._next_send = None
        if self._pending:
            self._push()
            self._next_send = asyncio.get_running_loop().call_later(PAUSE, self._send)

    def _push(self) -> None:
        self._pending.append(self.form.position(self._cache.revision, self._cache.store_id))
        message = b"".join(self._pending)
        self._pending.clear()
        if not message:
            return
        self._messages.append(message)
        self._bytes += len(message)
        self._quiet = False
        self._trim()
        self._wake()

    def _trim(self) -> None:
        taken = min((watcher.position for watcher in self.watchers), default=self.head)
        while self._messages and (self._first < taken or self._bytes > KEEP_BYTES):
            self._bytes -= len(self._messages.popleft())
            self._first += 1

    def _take(self, position: int) -> tuple[bytes, int]:
        """Join what comes next, and say where it ends. What one watcher holds besides the lane is never much."""
        if position < self._first:
            raise SlowWatcher("this watch was not read fast enough: resume at its last revision")
        if position == self.head - 1:
            return self._messages[-1], self.head
        taken, size = [], 0
        for message in islice(self._messages, position - self._first, None):
            taken.append(message)
            size += len(message)
            if size >= MESSAGE_BYTES:
                break
        return b"".join(taken), position + len(taken)

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
