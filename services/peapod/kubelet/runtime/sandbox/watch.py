"""Waiting for what happens to containers: their end, news of their pods, and new lines in their logs."""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from peapod.kubelet.runtime.sandbox import record
from peapod.kubelet.runtime.sandbox.containers import Container, stands_alone


class Lives:
    """Calls `on_end` once for each watched container, when no process of it is left."""

    def __init__(self, on_end: Callable[[Container], None]) -> None:
        self._on_end = on_end
        self._watched: dict[str, tuple[int, asyncio.Event]] = {}

    def watch(self, container: Container) -> asyncio.Event:
        """Watch a container, whether it lives still or not; return what is set at its end. Idempotent."""
        if container.id not in self._watched:
            fifo = os.open(container.path / record.ALIVE, os.O_RDONLY | os.O_NONBLOCK)
            self._watched[container.id] = fifo, asyncio.Event()
            loop = asyncio.get_running_loop()
            loop.add_reader(fifo, self._look, container)
            # One that has ended before has no end to come.
            loop.call_soon(self._look, container)
        return self._watched[container.id][1]

    def close(self) -> None:
        """Stop watching; who waits for an end waits no longer."""
        for id in list(self._watched):
            self._drop(id)

    def _look(self, container: Container) -> None:
        if container.id in self._watched and stands_alone(self._watched[container.id][0]):
            self._drop(container.id)
            self._on_end(container)

    def _drop(self, id: str) -> None:
        fifo, ended = self._watched.pop(id)
        asyncio.get_running_loop().remove_reader(fifo)
        os.close(fifo)
        ended.set()


class Hints:
    """Hands each reader the names that were published since it last asked, each once."""

    def __init__(self) -> None:
        self._readers: list[tuple[dict[str, None], asyncio.Event]] = []

    def publish(self, name: str) -> None:
        """Tell every reader."""
        for news, wake in self._readers:
            news[name] = None
            wake.set()

    async def read(self) -> AsyncIterator[str]:
        """Stream the names from now on, an empty one first."""
        reader = news, wake = dict[str, None]({"": None}), asyncio.Event()
        self._readers.append(reader)
        try:
            while True:
                while news:
                    name = next(iter(news))
                    del news[name]
                    yield name
                wake.clear()
                await wake.wait()
        finally:
            self._readers = [other for other in self._readers if other is not reader]


class DirectoryEvents:
    """Tells of changes in directories: of their files' content and names, and of the directories' own names."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._handle = -1
        self._waiting: dict[int, set[asyncio.Event]] = {}

    @contextmanager
    def of(self, directory: Path) -> Iterator[asyncio.Event]:
        """Set an event at every change; the caller clears it. Raises FileNotFoundError."""
        self._open()
        watch = self._check(
            self._libc.inotify_add_watch(self._handle, os.fsencode(directory), _CHANGES), str(directory)
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


_EVENT = struct.Struct("iIII")
_CHANGES = 0x2 | 0x80 | 0x100 | 0x400 | 0x800
"""IN_MODIFY, IN_MOVED_TO, IN_CREATE, IN_DELETE_SELF, IN_MOVE_SELF."""
_OVERFLOW = 0x4000
