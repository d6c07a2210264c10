"""A runtime without containers whose commands are real processes of this machine, and whose ports are its own."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import shutil
import signal
import struct
import termios
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

from peapod.kubelet.runtime.hollow import HollowRuntime
from peapod.kubelet.runtime.runtime import Chunk, ContainerGone, LaunchError, Phase

PIECE = 64 * 1024


class HostRuntime(HollowRuntime):
    """Runs in every container what it is told, and says which commands are running."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[HostCommand] = []

    async def exec(self, id: str, command: Sequence[str], *, stdin: bool = False, tty: bool = False) -> HostCommand:
        self._running(id)
        if not shutil.which(command[0]):
            raise LaunchError(f"{command[0]}: no such file or directory")
        started = await HostCommand.start(command, stdin=stdin, tty=tty)
        self.commands.append(started)
        return started

    async def connect(self, id: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._running(id)
        return await asyncio.open_connection("127.0.0.1", port)

    def _running(self, id: str) -> None:
        one = self._containers.get(id)
        if one is None or one.phase is not Phase.RUNNING:
            raise ContainerGone(id)


class HostCommand:
    """An `Execution` that is a process with a session of its own."""

    def __init__(self, process: asyncio.subprocess.Process, outside: Sequence[int], input: int | None) -> None:
        self.process = process
        self._outputs = [os.fdopen(descriptor, "rb", 0) for descriptor in outside]
        self._input = None if input is None else os.fdopen(input, "wb", 0)
        self._open: list[asyncio.ReadTransport] = []

    @classmethod
    async def start(cls, command: Sequence[str], *, stdin: bool, tty: bool) -> HostCommand:
        if tty:
            outside, inside = pty.openpty()
            streams = [(os.dup(outside) if stdin else None, os.dup(inside)), (outside, inside)]
        else:
            streams = [_turned(os.pipe()) if stdin else (None, os.open(os.devnull, os.O_RDONLY)), os.pipe(), os.pipe()]
        given, *outputs = streams
        ends = dict(zip(("stdin", "stdout", "stderr"), [given[1], outputs[0][1], outputs[-1][1]], strict=True))
        prefix = ["setsid", "--ctty"] if tty else ["setsid"]
        try:
            process = await asyncio.create_subprocess_exec(*prefix, *command, **ends)
        finally:
            for _, inner in streams:
                os.close(inner)
        return cls(process, [outer for outer, _ in outputs], given[0])

    async def output(self) -> AsyncGenerator[Chunk, None]:
        """Read all streams at once, each no faster than it is taken."""
        queue: asyncio.Queue[Chunk | None] = asyncio.Queue(1)
        tasks = [asyncio.create_task(self._read(number, queue)) for number in range(len(self._outputs))]
        try:
            for _ in tasks:
                while (chunk := await queue.get()) is not None:
                    yield chunk
        finally:
            for task in tasks:
                task.cancel()

    async def write(self, data: bytes) -> None:
        if self._input:
            with suppress(BrokenPipeError):
                await asyncio.to_thread(self._input.write, data)

    async def end_input(self) -> None:
        if self._input:
            self._input.close()

    async def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._outputs[0], termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def wait(self) -> int:
        code = await self.process.wait()
        return 128 - code if code < 0 else code

    async def close(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        for transport in self._open:
            transport.close()
        for output in self._outputs[len(self._open) :]:
            output.close()
        await self.end_input()

    async def _read(self, number: int, queue: asyncio.Queue[Chunk | None]) -> None:
        stream = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), self._outputs[number])
        self._open.append(transport)
        # A terminal whose last process has ended cannot be read.
        with suppress(OSError):
            while data := await stream.read(PIECE):
                await queue.put(Chunk(number == 1, data))
        await queue.put(None)


def _turned(pipe: tuple[int, int]) -> tuple[int, int]:
    return pipe[1], pipe[0]
