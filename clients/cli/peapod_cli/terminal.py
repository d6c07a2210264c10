"""The terminal that the command was typed at, lent to a command that runs elsewhere."""

from __future__ import annotations

import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from peapod.v1.exec_pb2 import TerminalSize

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
"""Signals that end a program which does not look after them."""


def standard_input() -> int | None:
    """Return the descriptor of standard input, or None when there is none."""
    return None if sys.stdin is None else sys.stdin.fileno()


def size() -> TerminalSize | None:
    """Measure the terminal, or whichever of the standard streams is one; None when there is none."""
    from peapod.v1.exec_pb2 import TerminalSize

    for descriptor in (0, 1, 2):
        with suppress(OSError):
            columns, rows = os.get_terminal_size(descriptor)
            if columns and rows:
                return TerminalSize(columns=columns, rows=rows)
    return None


@contextmanager
def raw(descriptor: int) -> Iterator[None]:
    """Have every key passed on as it is inside of the block, Ctrl-C too. Behind it, also when a signal ends the
    process, the terminal is as it was.
    """
    before = termios.tcgetattr(descriptor)

    def restore() -> None:
        # A terminal that hung up needs nothing any more.
        with suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSANOW, before)

    def end(number: int, _frame: Any) -> None:
        restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    handled = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in handled:
        signal.signal(number, end)
    try:
        tty.setraw(descriptor, termios.TCSANOW)
        yield
    finally:
        restore()
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def resizes() -> Iterator[int]:
    """Give a descriptor on which a byte comes whenever the terminal was resized inside of the block, and then the end.

    Whoever reads it to its end closes it.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def tell(_number: int, _frame: Any) -> None:
        # A pipe that is full says all that there is to say.
        with suppress(BlockingIOError):
            os.write(writer, b"w")

    before = signal.signal(signal.SIGWINCH, tell)
    try:
        yield reader
    finally:
        signal.signal(signal.SIGWINCH, before)
        os.close(writer)
