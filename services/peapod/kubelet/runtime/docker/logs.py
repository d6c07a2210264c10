"""A container's log as the engine sends it: frames of two streams, each a line or a part of a long one."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from peapod.v1 import log_pb2

_HEADER = struct.Struct(">BxxxL")


def log_query(options: log_pb2.LogOptions) -> dict[str, str]:
    """Make the query of GET /containers/{id}/logs."""
    query = {
        "stdout": "1",
        "stderr": "1",
        "follow": str(int(options.follow)),
        "timestamps": str(int(options.timestamps)),
        "tail": str(max(0, options.tail_lines)) if options.HasField("tail_lines") else "all",
    }
    if options.HasField("since_time"):
        query["since"] = f"{options.since_time.seconds}.{options.since_time.nanos:09}"
    return query


class LogFrames:
    """Takes the frames off, and the time stamps that the engine puts inside lines of more than 16 KiB."""

    def __init__(self, timestamps: bool) -> None:
        self._timestamps = timestamps
        self._rest = b""
        self._inside_line: set[int] = set()

    def feed(self, received: bytes) -> bytes:
        """Take what was received next and return the text that is complete with it."""
        return b"".join(self._text(stream, payload) for stream, payload in self._frames(received))

    def _frames(self, received: bytes) -> Iterator[tuple[int, bytes]]:
        buffer, at = self._rest + received, 0
        while len(buffer) - at >= _HEADER.size:
            stream, length = _HEADER.unpack_from(buffer, at)
            begin, end = at + _HEADER.size, at + _HEADER.size + length
            if len(buffer) < end:
                break
            yield stream, buffer[begin:end]
            at = end
        self._rest = buffer[at:]

    def _text(self, stream: int, payload: bytes) -> bytes:
        continues = stream in self._inside_line
        if payload.endswith(b"\n"):
            self._inside_line.discard(stream)
        else:
            self._inside_line.add(stream)
        return payload.partition(b" ")[2] if continues and self._timestamps else payload
