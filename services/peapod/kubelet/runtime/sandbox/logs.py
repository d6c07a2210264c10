"""Reading a container's log while its supervisor writes and rotates it."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from peapod.kubelet.inotify import DirectoryEvents
from peapod.kubelet.runtime.sandbox.log_file import OLDER, PART, STAMP_WIDTH, TEXT_AT
from peapod.kubelet.runtime.sandbox.record import LOG
from peapod.v1 import log_pb2

T = TypeVar("T")

_CHUNK = 256 * 1024


async def stream(
    directory: Path, ended: Callable[[], bool], events: DirectoryEvents, options: log_pb2.LogOptions
) -> AsyncGenerator[bytes, None]:
    """Stream the log in a directory; with `follow` until `ended` says that no more comes.

    Raises FileNotFoundError when there is no log.
    """
    printer = Printer(options.timestamps)
    start = _stamp(options.since_time) if options.HasField("since_time") else b""
    changes = events.of(directory) if options.follow else nullcontext(asyncio.Event())
    with LogReader(directory) as reader, changes as changed:
        if options.HasField("tail_lines"):
            yield printer.text(await _in_thread(lambda: _tail(reader, start, options.tail_lines)))
        while True:
            changed.clear()
            last = not options.follow or ended()
            while records := await _in_thread(reader.read):
                yield printer.text(_since(records, start))
            if last:
                return
            await changed.wait()


async def _in_thread(read: Callable[[], T]) -> T:
    """Read in a thread, which is done when this returns or raises: nobody may close the file below it."""
    task = asyncio.ensure_future(asyncio.to_thread(read))
    try:
        return await asyncio.shield(task)
    finally:
        await asyncio.wait([task])


class LogReader:
    """Reads a log's records from the oldest on, across rotations. Opening it raises FileNotFoundError."""

    def __init__(self, directory: Path) -> None:
        self._newest = str(directory / LOG)
        self._older = self._newest + OLDER
        self._file = self._open_oldest()
        self._torn = b""

    def __enter__(self) -> LogReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def read(self) -> list[bytes]:
        """Return the next records without their ends; none when there are no more now."""
        while True:
            data = os.read(self._file, _CHUNK)
            if not data:
                following = self._open_following()
                if following is None:
                    return []
                # What was written between our last read and the rotation is there now.
                data = self._finish(following)
            *records, self._torn = (self._torn + data).split(b"\n")
            if records:
                return records

    def _finish(self, following: int) -> bytes:
        rest = b"".join(iter(lambda: os.read(self._file, _CHUNK), b""))
        os.close(self._file)
        self._file = following
        return rest

    def _open_oldest(self) -> int:
        newest = _open(self._newest)
        older = _open(self._older)
        if older is None and newest is None:
            raise FileNotFoundError(self._newest)
        if older is None or newest is None:
            return newest if newest is not None else older  # type: ignore[return-value]
        os.close(newest)
        return older

    def _open_following(self) -> int | None:
        """Open the file after ours; None when ours is the newest, or the next is just being made."""
        mine = os.fstat(self._file).st_ino
        newest = _open(self._newest)
        if newest is None or os.fstat(newest).st_ino == mine:
            _close(newest)
            return None
        older = _open(self._older)
        if older is None or os.fstat(older).st_ino == mine:
            _close(older)
            return newest
        os.close(newest)
        return older


class Printer:
    """Turns records into the text that a reader of the log wants."""

    def __init__(self, timestamps: bool) -> None:
        self._timestamps = timestamps
        self._inside_line = False

    def text(self, records: Iterable[bytes]) -> bytes:
        """Print the next records."""
        return b"".join(piece for record in records for piece in self._pieces(record))

    def _pieces(self, record: bytes) -> Iterator[bytes]:
        if self._timestamps and not self._inside_line:
            yield record[: STAMP_WIDTH + 1]
        yield record[TEXT_AT:]
        self._inside_line = _is_part(record)
        if not self._inside_line:
            yield b"\n"


def _is_part(record: bytes) -> bool:
    """Tell whether the line goes on in the next record."""
    return record[STAMP_WIDTH + 1 : TEXT_AT - 1] == PART


def _since(records: Iterable[bytes], start: bytes) -> Iterator[bytes]:
    """Leave out what was written before a time stamp."""
    return (record for record in records if record[:STAMP_WIDTH] >= start)


def _stamp(moment: Timestamp) -> bytes:
    """Write a time as the log does."""
    return f"{moment.ToDatetime():%Y-%m-%dT%H:%M:%S}.{moment.nanos:09d}Z".encode()


def _tail(reader: LogReader, start: bytes, lines: int) -> list[bytes]:
    """Read to the end and return the records of the last lines."""
    kept: deque[list[bytes]] = deque(maxlen=max(lines, 0))
    inside_line = False
    for record in _since(chain.from_iterable(iter(reader.read, [])), start):
        if not inside_line:
            kept.append([])
        if kept:
            kept[-1].append(record)
        inside_line = _is_part(record)
    return list(chain.from_iterable(kept))


def _open(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None


def _close(file: int | None) -> None:
    if file is not None:
        os.close(file)
