"""Waking on what happens in directories, as the kernel tells it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_MODIFY, _CLOSE_WRITE = 0x2, 0x8
_MOVED_FROM, _MOVED_TO = 0x40, 0x80
_CREATE, _DELETE = 0x100, 0x200
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_OVERFLOW = 0x4000

GROWTH = _MODIFY | _MOVED_TO | _CREATE | _DELETE_SELF | _MOVE_SELF
"""Anything that files get more of, and names that files get."""
REPLACEMENT = _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
"""Files that were written to their end, and names that come and go."""

_EVENT = struct.Struct("iIII")


class _Waiter(NamedTuple):
    changed: asyncio.Event
    name: bytes
    """Of the file that it waits for; empty for all."""


class DirectoryEvents:
    """Tells of changes in directories: of their files' content and names, and of the directories' own names.

    `changes` says of which, as inotify(7) does.
    """

    def __init__(self, changes: int = GROWTH) -> None:
        self._changes = changes
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._handle = -1
        self._waiting: dict[int, set[_Waiter]] = {}

    @contextmanager
    def of(self, directory: Path, name: str = "", changed: asyncio.Event | None = None) -> Iterator[asyncio.Event]:
        """Set an event, `changed` or a new one, at every change, or at those of one file; the caller clears it.

        Raises FileNotFoundError, and another OSError when there is nothing to watch with.
        """
        self._open()
        watch = self._check(
            self._libc.inotify_add_watch(self._handle, os.fsencode(directory), self._changes), str(directory)
        )
        waiter = _Waiter(changed or asyncio.Event(), os.fsencode(name))
        self._waiting.setdefault(watch, set()).add(waiter)
        try:
            yield waiter.changed
        finally:
            self._leave(watch, waiter)

    def close(self) -> None:
        """Stop watching. Idempotent."""
        if self._handle >= 0:
            asyncio.get_running_loop().remove_reader(self._handle)
            os.close(self._handle)
            self._handle = -1
            self._waiting.clear()

    def _open(self) -> None:
        if self._handle < 0:
            self._handle = self._check(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), "inotify")
            asyncio.get_running_loop().add_reader(self._handle, self._read)

    def _leave(self, watch: int, waiter: _Waiter) -> None:
        others = self._waiting.get(watch, set())
        others.discard(waiter)
        if not others and self._waiting.pop(watch, None) is not None:
            self._libc.inotify_rm_watch(self._handle, watch)

    def _read(self) -> None:
        data = os.read(self._handle, 64 * 1024)
        offset = 0
        while offset < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, offset)
            offset += _EVENT.size + length
            name = data[offset - length : offset].rstrip(b"\0")
            told = self._waiting.values() if mask & _OVERFLOW else [self._waiting.get(watch, set())]
            for waiter in (waiter for waiters in told for waiter in waiters):
                if not name or waiter.name in (b"", name):
                    waiter.changed.set()

    def _check(self, result: int, what: str) -> int:
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), what)
        return result
