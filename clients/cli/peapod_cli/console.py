"""Where commands say things: results to standard output, everything else to standard error, one line each."""

from __future__ import annotations

import io
import os
import sys


class Console:
    """The two streams of one command, and the exit status that it has so far."""

    def __init__(self) -> None:
        self.status = 0
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")

    def line(self, text: str) -> None:
        """Print a result and show it at once, as whoever reads a pipe may wait for it."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def raw(self, data: bytes, *, to_errors: bool = False) -> None:
        """Pass bytes through as they are."""
        stream = (sys.stderr if to_errors else sys.stdout).buffer
        stream.write(data)
        stream.flush()

    def note(self, text: str) -> None:
        """Say something that is no result and no error."""
        sys.stderr.write(_one_line(text) + "\n")

    def warning(self, text: str) -> None:
        """Say what is probably not meant."""
        self.note(f"warning: {text}")

    def error(self, text: str) -> None:
        """Say what is wrong; the command goes on, and will exit 1."""
        self.status = 1
        self.note(f"error: {text}")


def let_go_of_output() -> None:
    """Give up writing after the reader has left, so that nothing is written at exit either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _one_line(text: str) -> str:
    return " ".join(text.split("\n")) if "\n" in text else text
