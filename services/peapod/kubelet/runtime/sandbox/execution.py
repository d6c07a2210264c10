"""A command that runs in a container, as the kubelet holds it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import closing, suppress

from peapod.kubelet.runtime.runtime import Chunk, ContainerGone, LaunchError
from peapod.kubelet.runtime.sandbox import enter, helper
from peapod.kubelet.runtime.sandbox.containers import Container
from peapod.kubelet.runtime.sandbox.ends import Ends, pipes, terminal

_PIECE = 64 * 1024
_MOST_LEFT = 1024 * 1024
"""More than a pipe holds when its writer has ended; what comes after that is another's."""
_KILL_SECONDS = 10.0
_END_OF_FILE = b"\x04\x04"
"""Typed twice: behind the end of a line the first is an end of file, elsewhere it only hands the line over."""


async def execute(container: Container, command: Sequence[str], *, stdin: bool, tty: bool) -> SandboxExecution:
    """Run a command in a container, and return once it runs. Raises `ContainerGone` and `LaunchError`."""
    try:
        execution = _begin(container, command, stdin=stdin, tty=tty)
    except OSError as error:
        raise LaunchError(f"the command cannot be run: {error.strerror or error}") from error
    try:
        await execution.started(container.id)
        if tty and not stdin:
            await execution.end_input()
    except BaseException:
        await execution.close()
        raise
    return execution


def _begin(container: Container, command: Sequence[str], *, stdin: bool, tty: bool) -> SandboxExecution:
    if (first := container.init()) is None:
        raise ContainerGone(container.id)
    init, handle = first
    near, far = socket.socketpair()
    with closing(far):
        try:
            ends = terminal(init) if tty else pipes(stdin=stdin)
            words = [str(container.path), str(init), str(handle), str(far.fileno()), *command]
            process = _spawn(words, ends, (handle, far.fileno()))
        except BaseException:
            near.close()
            raise
        finally:
            os.close(handle)
    return SandboxExecution(process, near, ends)


def _spawn(words: Sequence[str], ends: Ends, passed: Sequence[int]) -> subprocess.Popen[bytes]:
    stdin, stdout, stderr = ends.far
    try:
        return subprocess.Popen(
            [*helper.python("enter"), *words],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=passed,
            env=helper.ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except ValueError as error:
        ends.close()
        raise LaunchError(f"the command cannot be run: {error}") from error
    except BaseException:
        ends.close()
        raise
    finally:
        ends.close_far()


class SandboxExecution:
    """One command and the process beside it, which kills the command when `control` is closed."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, ends: Ends) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = process
        self._control = control
        self._ends = ends
        self._ended = asyncio.Event()
        self._news = asyncio.Event()
        """Set when an output is ready, or all has ended."""
        self._ready: list[int] = []
        self._writable = asyncio.Event()
        self._handle = os.pidfd_open(process.pid)
        self._loop.add_reader(self._handle, self._on_end)
        control.setblocking(False)

    async def started(self, id: str) -> None:
        """Wait until the command runs. Raises `ContainerGone` and `LaunchError`."""
        answer = await self._loop.sock_recv(self._control, _PIECE)
        verdict, words = answer[:1], os.fsdecode(answer[1:])
        if verdict == enter.GONE:
            raise ContainerGone(id)
        if verdict != enter.STARTED:
            raise LaunchError(words or "the process that should run the command has ended")

    async def output(self) -> AsyncGenerator[Chunk, None]:
        """Stream what the command writes; what it leaves running behind it is not waited for."""
        outputs = dict(self._ends.outputs)
        for file in outputs:
            self._watch(file)
        while outputs and not self._ended.is_set():
            await self._news.wait()
            self._news.clear()
            while self._ready:
                file = self._ready.pop(0)
                data = _read(file)
                if data == b"":
                    del outputs[file]
                    continue
                if data:
                    yield Chunk(outputs[file], data)
                self._watch(file)
        for file, is_stderr in outputs.items():
            self._loop.remove_reader(file)
            for data in _rest(file):
                yield Chunk(is_stderr, data)

    async def write(self, data: bytes) -> None:
        """Send input, as fast as the command reads it."""
        rest = memoryview(data)
        while rest and (file := self._ends.input) is not None:
            try:
                rest = rest[os.write(file, rest) :]
            except BlockingIOError:
                self._writable.clear()
                self._loop.add_writer(file, self._on_writable, file)
                await self._writable.wait()
            except OSError:
                self._let_go_of_input()

    async def end_input(self) -> None:
        """Close the command's input; at a terminal that reads lines, type the end of file."""
        if self._ends.reads_lines():
            await self.write(_END_OF_FILE)
        self._let_go_of_input()

    async def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal."""
        self._ends.resize(columns, rows)

    async def wait(self) -> int:
        """Wait for the end and return the exit code."""
        await self._ended.wait()
        code = self._process.returncode
        return code if code >= 0 else 128 - code

    async def close(self) -> None:
        """Have the command and all that it started killed, if it still runs."""
        self._control.close()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _KILL_SECONDS)
        finally:
            self._let_go_of_input()
            for file in self._ends.outputs:
                self._loop.remove_reader(file)
            self._ends.close()

    def _watch(self, file: int) -> None:
        if file in self._ends.outputs:  # not closed meanwhile
            self._loop.add_reader(file, self._on_ready, file)

    def _on_ready(self, file: int) -> None:
        self._loop.remove_reader(file)
        self._ready.append(file)
        self._news.set()

    def _on_writable(self, file: int) -> None:
        self._loop.remove_writer(file)
        self._writable.set()

    def _on_end(self) -> None:
        self._loop.remove_reader(self._handle)
        os.close(self._handle)
        self._process.wait()
        self._let_go_of_input()
        self._ended.set()
        self._news.set()

    def _let_go_of_input(self) -> None:
        if (file := self._ends.input) is not None:
            self._loop.remove_writer(file)
            self._ends.drop_input()
        self._writable.set()


def _read(file: int) -> bytes | None:
    """Read what is there: nothing at the end, None when nothing has come yet."""
    try:
        return os.read(file, _PIECE)
    except BlockingIOError:
        return None
    except OSError:  # of a terminal that nobody has open any more
        return b""


def _rest(file: int) -> Iterator[bytes]:
    left = _MOST_LEFT
    while left > 0 and (data := _read(file)):
        left -= len(data)
        yield data
