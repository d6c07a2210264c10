"""Where commands say things: results to standard output, everything else to standard error, one line each."""

from __future__ import annotations

import io
import os
import sys


class Console:
    """The two streams of one command, and whether anything went wrong so far."""

    def __init__(self) -> None:
        self.failed = False
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")

    def line(self, text: str) -> None:
        """Print a result and show it at once, as whoever reads a pipe may wait for it."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def raw(self, data: bytes) -> None:
        """Pass bytes through as they are."""
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def note(self, text: str) -> None:
        """Say something that is no result and no error."""
        sys.stderr.write(_one_line(text) + "\n")

    def warning(self, text: str) -> None:
        """Say what is probably not meant."""
        self.note(f"warning: {text}")

    def error(self, text: str) -> None:
        """Say what is wrong; the command goes on, and will exit 1."""
        self.failed = True
        self.note(f"error: {text}")


def let_go_of_output() -> None:
    """Give up writing after the reader has left, so that nothing is written at exit either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _one_line(text: str) -> str:
    return " ".join(text.split("\n")) if "\n" in text else text
