"""Waking on what happens in directories, as the kernel tells it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


class DirectoryEvents:
    """Tells of changes in directories: of their files' content and names, and of the directories' own names.

    `changes` says of which, as inotify(7) does.
    """

    def __init__(self, changes: int = GROWTH) -> None:
        self._changes = changes
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._handle = -1
        self._waiting: dict[int, set[asyncio.Event]] = {}

    @contextmanager
    def of(self, directory: Path) -> Iterator[asyncio.Event]:
        """Set an event at every change; the caller clears it. Raises FileNotFoundError."""
        self._open()
        watch = self._check(
            self._libc.inotify_add_watch(self._handle, os.fsencode(directory), self._changes), str(directory)
        )
        changed = asyncio.Event()
        self._waiting.setdefault(watch, set()).add(changed)
        try:
            yield changed
        finally:
            self._leave(watch, changed)

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

    def _leave(self, watch: int, changed: asyncio.Event) -> None:
        others = self._waiting.get(watch, set())
        others.discard(changed)
        if not others and self._waiting.pop(watch, None) is not None:
            self._libc.inotify_rm_watch(self._handle, watch)

    def _read(self) -> None:
        data = os.read(self._handle, 64 * 1024)
        offset = 0
        while offset < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, offset)
            offset += _EVENT.size + length
            told = self._waiting.values() if mask & _OVERFLOW else [self._waiting.get(watch, set())]
            for changed in (event for events in told for event in events):
                changed.set()

    def _check(self, result: int, what: str) -> int:
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), what)
        return result
