"""Logging to standard error, one line per record, written by a thread of its own.

Callers never wait for the reader of the log and never hold a lock while they log: a finished gRPC call that is
collected in the middle of it may itself log (grpc#43421).
"""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import os
import queue
import sys
import time
from collections.abc import Iterator
from typing import TextIO

WAITING_MOST = 10_000
"""Lines that wait for a slow reader; further ones are dropped and counted."""


@contextlib.contextmanager
def logging_to_stderr(service: str, log_format: str, log_level: str) -> Iterator[None]:
    """Send all logging to standard error inside the block, and write what waits at its end."""
    waiting: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    writer = _Writer(sys.stderr)
    writer.setFormatter(JsonFormatter(service) if log_format == "json" else TextFormatter(service))
    listener = logging.handlers.QueueListener(waiting, writer)
    handler = _Enqueue(waiting)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(log_level.upper())
    listener.start()
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        listener.stop()


class TextFormatter(logging.Formatter):
    """`2026-01-02T03:04:05.678Z INFO kubelet peapod.kubelet.worker message`; a trace follows, indented."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Write the line."""
        message = record.getMessage().replace("\n", "\\n").replace("\r", "\\r")
        line = f"{_time(record)} {record.levelname} {self._service} {record.name} {message}"
        return line + "".join(f"\n    {text}" for text in _trace(self, record).splitlines())


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, service, logger, message, and trace where there is one."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Write the line."""
        fields = {
            "time": _time(record),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := _trace(self, record):
            fields["trace"] = trace
        return json.dumps(fields, ensure_ascii=False)


def _time(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}Z"


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_text:
        parts.append(record.exc_text)
    elif record.exc_info and record.exc_info[0]:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)


class _Writer(logging.StreamHandler[TextIO]):
    """Writes lines for as long as anybody reads them; after that nobody is told, and the process goes on."""

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exception(), BrokenPipeError):
            super().handleError(record)
            return
        # What is buffered would be written again when the process ends, and then be its exit status.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)


class _Enqueue(logging.handlers.QueueHandler):
    """Puts records on the queue; drops them while too many wait, and says how many once there is room."""

    def __init__(self, waiting: queue.SimpleQueue[logging.LogRecord]) -> None:
        super().__init__(waiting)
        self._waiting = waiting
        self._dropped = 0

    def handle(self, record: logging.LogRecord) -> bool:
        # Without the handler's lock: the queue needs none.
        if self.filter(record):
            self.emit(record)
        return True

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Take the texts out of the record's arguments now, while they are what they were."""
        ready = logging.makeLogRecord(record.__dict__)
        ready.msg, ready.args = record.getMessage(), None
        ready.exc_text = _trace(logging.Formatter(), record) or None
        ready.exc_info, ready.stack_info = None, None
        return ready

    def enqueue(self, record: logging.LogRecord) -> None:
        if self._waiting.qsize() >= WAITING_MOST:
            self._dropped += 1
            return
        if self._dropped:
            record.msg, self._dropped = f"({self._dropped} lines dropped before this one) {record.msg}", 0
        self._waiting.put(record)
