"""The pipes or the terminal between the kubelet and a command: made together, one side kept, the other handed on."""

from __future__ import annotations

import fcntl
import os
import stat
import struct
import termios
from collections.abc import Callable
from contextlib import ExitStack

_TIOCSPTLCK, _TIOCGPTPEER = 0x40045431, 0x5441
_MULTIPLEXER = os.makedev(5, 2)


class Ends:
    """Our ends, which never block, and the command's ends. `close_far` once the command has its own, `close` at last.

    Raises OSError when the node has no more files to give; then nothing is left open.
    """

    def __init__(self, make: Callable[[Ends], None]) -> None:
        self.input: int | None = None
        """Where to write what the command reads; None when it reads an end of file."""
        self.outputs: dict[int, bool] = {}
        """Where to read what the command writes: true for its stderr."""
        self.terminal: int | None = None
        self.far: tuple[int, int, int] = (-1, -1, -1)
        """The command's stdin, stdout and stderr."""
        self._near, self._far, self._input = ExitStack(), ExitStack(), ExitStack()
        with ExitStack() as on_failure:
            on_failure.callback(self.close)
            make(self)
            on_failure.pop_all()

    def drop_input(self) -> None:
        """Close our end of the command's input. Idempotent."""
        self._input.close()
        self.input = None

    def near(self, file: int) -> int:
        """Keep a file that is ours."""
        self._near.callback(os.close, file)
        os.set_blocking(file, False)
        return file

    def write_to(self, file: int) -> None:
        """Keep the file that is our end of the command's input."""
        self._input.callback(os.close, file)
        os.set_blocking(file, False)
        self.input = file

    def hand_on(self, file: int) -> int:
        """Keep a file that is the command's."""
        self._far.callback(os.close, file)
        return file

    def close_far(self) -> None:
        """Close the command's ends. Idempotent."""
        self._far.close()

    def close(self) -> None:
        """Close all. Idempotent."""
        self.drop_input()
        self.terminal = None
        self.outputs = {}
        self._far.close()
        self._near.close()

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its size, and with it the command."""
        if self.terminal is not None:
            fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def reads_lines(self) -> bool:
        """Tell whether the terminal hands over whole lines, and takes control characters for what they mean."""
        return self.terminal is not None and bool(termios.tcgetattr(self.terminal)[3] & termios.ICANON)


def pipes(*, stdin: bool) -> Ends:
    """Make three pipes; without `stdin` the command's input is empty."""

    def make(ends: Ends) -> None:
        if stdin:
            reading, writing = os.pipe()
            source = ends.hand_on(reading)
            ends.write_to(writing)
        else:
            source = ends.hand_on(os.open(os.devnull, os.O_RDONLY))
        sinks = []
        for is_stderr in (False, True):
            reading, writing = os.pipe()
            ends.outputs[ends.near(reading)] = is_stderr
            sinks.append(ends.hand_on(writing))
        ends.far = (source, sinks[0], sinks[1])

    return Ends(make)


def terminal(init: int) -> Ends:
    """Open a new terminal of the container whose first process is `init`."""

    def make(ends: Ends) -> None:
        flags = os.O_RDWR | os.O_NOCTTY | os.O_NOFOLLOW | os.O_NONBLOCK
        master = ends.near(os.open(f"/proc/{init}/root/dev/pts/ptmx", flags))
        about = os.fstat(master)
        if not stat.S_ISCHR(about.st_mode) or about.st_rdev != _MULTIPLEXER:
            raise OSError("the container has put something else in the place of its terminals")
        fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
        # By path it could be another's: the names are the container's to change.
        slave = ends.hand_on(fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY))
        ends.terminal = master
        ends.outputs[master] = False
        # A file of its own, so that one task may wait to read and another to write.
        ends.write_to(os.dup(master))
        ends.far = (slave, slave, slave)

    return Ends(make)
