"""A container's log on disk: one record per line of output, in two files at most.

A record is `<time> F <line>`, or `<time> P <part>` for a part of a line whose end comes in a later record. The
time has a fixed width and is UTC, so that records compare as bytes.
"""

# Pathlib would cost every supervisor a tenth of its memory.
# ruff: noqa: PTH104
from __future__ import annotations

import os
import time

OLDER = ".1"
"""What is added to a log's name for the file before the newest."""
STAMP_WIDTH = len("2015-04-01T00:00:00.000000000Z")
WHOLE, PART = b"F", b"P"
TEXT_AT = STAMP_WIDTH + 3
"""Where a record's text begins."""

_LONGEST = 16 * 1024


class LogWriter:
    """Appends output to a log and keeps each of its two files below `limit` bytes, if one call's output fits.

    It never raises for want of disk space: what cannot be written is counted, and the count is logged when
    there is room again. A line without an end is held back until it ends, gets long, or `end` is called.
    """

    def __init__(self, path: str, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._file = -1
        self._size = 0
        self._rest = b""
        self._lost = 0
        self._second, self._prefix = 0, ""

    def feed(self, data: bytes) -> None:
        """Take the next output, just read."""
        whole, newline, rest = (self._rest + data).rpartition(b"\n")
        head = self._stamp() + b" "
        records = b""
        if newline:
            start = head + WHOLE + b" "
            records = start + whole.replace(b"\n", b"\n" + start) + b"\n"
        if len(rest) >= _LONGEST:
            records += head + PART + b" " + rest + b"\n"
            rest = b""
        self._rest = rest
        if records:
            self._append(records)

    def end(self) -> None:
        """Write what is held back; the output is over."""
        if self._rest:
            self._append(self._stamp() + b" " + PART + b" " + self._rest + b"\n")

    def _append(self, records: bytes) -> None:
        note = b""
        if self._lost:
            note = self._stamp() + b" " + WHOLE + b" [%d bytes of log were lost]\n" % self._lost
        try:
            self._make_room(len(note + records))
            self._write(note + records)
            self._lost = 0
        except OSError:
            self._lost += len(records)

    def _write(self, data: bytes) -> None:
        view, written = memoryview(data), 0
        try:
            while written < len(data):
                written += os.write(self._file, view[written:])
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += written

    def _make_room(self, more: int) -> None:
        if self._file >= 0 and self._size and self._size + more > self._limit:
            os.rename(self._path, self._path + OLDER)
            os.close(self._file)
            self._file = -1
        if self._file < 0:
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            self._size = os.fstat(self._file).st_size

    def _stamp(self) -> bytes:
        second, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        if second != self._second:
            self._second, self._prefix = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return b"%b.%09dZ" % (self._prefix.encode(), nanoseconds)
