"""A terminal to type at, and what a program shows on it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import termios
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from tests.support.following import PATIENCE


class Terminal:
    """One terminal: `inside` is the descriptor for the program."""

    def __init__(self, outside: int, inside: int, shown: asyncio.StreamReader) -> None:
        self.inside = inside
        self._outside = outside
        self._shown = shown

    async def start(self, *command: str, **options: Any) -> asyncio.subprocess.Process:
        """Run a program on it, as the one that its keys speak to."""
        streams = {"stdin": self.inside, "stdout": self.inside, "stderr": self.inside}
        return await asyncio.create_subprocess_exec("setsid", "--ctty", *command, **(streams | options))

    def type(self, keys: bytes) -> None:
        os.write(self._outside, keys)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, of which the program is told by SIGWINCH."""
        fcntl.ioctl(self._outside, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def until(self, text: bytes) -> bytes:
        """Wait until the text is shown; return all that was shown since the last time."""
        async with asyncio.timeout(PATIENCE):
            return await self._shown.readuntil(text)

    @property
    def modes(self) -> list[Any]:
        return termios.tcgetattr(self.inside)


@asynccontextmanager
async def pseudo_terminal(columns: int = 80, rows: int = 24) -> AsyncGenerator[Terminal]:
    outside, inside = pty.openpty()
    shown = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(shown), os.fdopen(outside, "rb", 0)
    )
    try:
        terminal = Terminal(outside, inside, shown)
        terminal.resize(columns, rows)
        yield terminal
    finally:
        os.close(inside)
        transport.close()
