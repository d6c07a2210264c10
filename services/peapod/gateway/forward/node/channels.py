"""The frames of a command's WebSocket: the first byte is the channel, the rest is its content."""

from __future__ import annotations

import json
from typing import Any

from peapod.common.errors import Invalid, PeapodError
from peapod.v1.exec_pb2 import ExecInput, ExecOutput, TerminalSize

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io")
"""All of them are spoken alike. Only the first says that a client may end its input."""

STDIN, STDOUT, STDERR, STATUS, SIZE, END = 0, 1, 2, 3, 4, 255
SIZE_MOST = 2**16 - 1


def read(frame: bytes) -> ExecInput | None:
    """Read what a client sends; None is nothing, such as an empty frame. Raises `Invalid`."""
    if len(frame) < 2:
        return None
    channel, content = frame[0], frame[1:]
    if channel == STDIN:
        return ExecInput(stdin=content)
    if channel == SIZE:
        return ExecInput(size=_size(content))
    if channel == END and content == bytes([STDIN]):
        return ExecInput(end=True)
    raise Invalid(f"channel {channel} is none that a client writes to: 0 is the input, 4 the terminal's size")


def write(output: ExecOutput) -> bytes:
    """Write what a command says, or how it ended."""
    match output.WhichOneof("output"):
        case "stdout":
            return bytes([STDOUT]) + output.stdout
        case "stderr":
            return bytes([STDERR]) + output.stderr
    return _ended(output.exit_code)


def failure(error: PeapodError) -> bytes:
    """Write why a command did not run, or not to its end."""
    return _status({"status": "Failure", "message": error.message, "reason": "InternalError"})


def _ended(code: int) -> bytes:
    if code == 0:
        return _status({"status": "Success"})
    message = f"command terminated with non-zero exit code: exit status {code}"
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return _status(
        {"status": "Failure", "message": message, "reason": "NonZeroExitCode", "details": {"causes": causes}}
    )


def _status(content: dict[str, Any]) -> bytes:
    return bytes([STATUS]) + json.dumps({"metadata": {}} | content).encode()


def _size(content: bytes) -> TerminalSize:
    try:
        size = json.loads(content)
        columns, rows = size["Width"], size["Height"]
    except (ValueError, KeyError, TypeError):
        columns = rows = None
    if not all(type(length) is int and 0 <= length <= SIZE_MOST for length in (columns, rows)):
        raise Invalid('a terminal\'s size is written {"Width": 80, "Height": 24}')
    return TerminalSize(columns=columns, rows=rows)
