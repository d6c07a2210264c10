"""The process beside each container: starts it, keeps its log, takes orders, and records its end.

It must stay small and quick to start, for there is one per container: no imports but the cheapest. It runs in
the container's directory, detached from the kubelet; to its end it prints nothing but the reason why the container
could not be set up, and closes its output as soon as that is known.
"""

# Pathlib would cost every supervisor a tenth of its memory.
# ruff: noqa: PTH110, PTH123, PTH208
from __future__ import annotations

import fcntl
import os
import select
import sys
import termios
import time
from collections.abc import Callable

from peapod.kubelet.runtime.sandbox import record
from peapod.kubelet.runtime.sandbox.log_file import LogWriter

_SIGKILL, _SIGTERM = 9, 15
_CHUNK = 64 * 1024
_NOT_FOUND = 127
_SETUP_FAILED = 1
"""bubblewrap's exit code when it could not run the command."""
_PROGRAM = "2"
"""The container's program, as a pid inside; 1 is bubblewrap, which reaps orphans."""


def main() -> None:
    """Run as `supervisor BWRAP DIRECTORY LOG_LIMIT`; return at once, and live on in a child."""
    bwrap, directory, log_limit = sys.argv[1:]
    os.chdir(directory)
    if os.fork() == 0:
        status = 1
        try:
            if (alive := _claim()) is not None:
                Supervisor(alive, int(log_limit)).run(bwrap)
            status = 0
        except Exception as error:
            os.write(1, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(status)


def _claim() -> int | None:
    """Become the only supervisor of this container; None when there is or was another."""
    alive = os.open(record.ALIVE, os.O_RDWR)
    try:
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    return None if os.path.exists(record.STARTED) else alive


class Supervisor:
    """Sees one container through its life; `alive` is open as long as this process is."""

    def __init__(self, alive: int, log_limit: int) -> None:
        self._alive = alive
        self._log = LogWriter(record.LOG, log_limit)
        self._last = b""
        self._control = os.open(record.CONTROL, os.O_RDWR | os.O_NONBLOCK)
        self._output, self._output_end = os.pipe()
        self._status, self._status_end = os.pipe()
        self._gate_end, self._gate = os.pipe()
        self._monitor = self._monitor_end = self._init = 0
        self._exit = 0
        self._stopped_early = False
        """Whether the order to end came before there was a program to tell."""
        self._poll = select.poll()
        self._waiting: dict[int, Callable[[], None]] = {}

    def run(self, bwrap: str) -> None:
        """Start the container and return when all of it is gone and its end is recorded."""
        record.reserve(record.EXITED)
        self._spawn(bwrap)
        self._init = _child_pid(os.read(self._status, _CHUNK))
        if self._init:
            record.write(record.STARTED, pid=os.getpid(), init=self._init, at=time.time_ns())
            self._open_gate()
        self._wait()
        self._log.end()
        self._record_exit()

    def _spawn(self, bwrap: str) -> None:
        options = os.open(record.OPTIONS, os.O_RDONLY)
        with open(record.COMMAND, "rb") as file:
            command = file.read().split(b"\0")[:-1]
        passed = {
            b"--args": options,
            b"--json-status-fd": self._status_end,
            b"--block-fd": self._gate_end,
            b"--sync-fd": self._alive,
        }
        self._monitor = os.fork()
        if self._monitor == 0:
            self._become(bwrap, passed, command)
        for fd in (options, self._status_end, self._gate_end, self._output_end):
            os.close(fd)

    def _become(self, bwrap: str, passed: dict[bytes, int], command: list[bytes]) -> None:
        """In the child: turn into bubblewrap."""
        # Imported here, where the memory that it takes is soon gone.
        from peapod.kubelet.runtime.sandbox import signals

        try:
            signals.reset()
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            os.dup2(self._output_end, 1)
            os.dup2(self._output_end, 2)
            words = [b"bwrap"]
            for option, fd in passed.items():
                os.set_inheritable(fd, True)
                words += [option, b"%d" % fd]
            os.execv(bwrap, [*words, b"--", *command])
        except OSError as error:
            os.write(2, f"{bwrap}: {error.strerror}\n".encode())
        finally:
            os._exit(1)

    def _open_gate(self) -> None:
        """Let the command run as soon as the mounts are made."""
        try:
            os.write(self._gate, b"\n")
        except BrokenPipeError:
            return
        self._on(self._gate, self._on_gate, select.POLLERR)

    def _wait(self) -> None:
        """Serve events until bubblewrap has ended and nobody can write to the log any more."""
        self._on(self._output, self._on_output)
        self._on(self._control, self._on_control)
        self._monitor_end = os.pidfd_open(self._monitor)
        self._on(self._monitor_end, self._on_exit)
        while self._monitor or self._output in self._waiting:
            for fd, _ in self._poll.poll():
                if fd in self._waiting:
                    self._waiting[fd]()

    def _on(self, fd: int, act: Callable[[], None], events: int = select.POLLIN) -> None:
        self._waiting[fd] = act
        self._poll.register(fd, events)

    def _off(self, fd: int) -> None:
        del self._waiting[fd]
        self._poll.unregister(fd)

    def _on_output(self) -> None:
        data = os.read(self._output, _CHUNK)
        if data:
            self._log.feed(data)
            self._last = (self._last + data)[-1024:]
        else:
            self._off(self._output)

    def _on_control(self) -> None:
        orders = os.read(self._control, _CHUNK)
        if not self._monitor or not self._init:
            return
        if record.KILL in orders:
            _kill(self._init, _SIGKILL)
        elif program := _program(self._init):
            _kill(program, _SIGTERM)
        else:
            self._stopped_early = True
            _kill(self._init, _SIGKILL)

    def _on_gate(self) -> None:
        """The mounts are made when bubblewrap has read the gate's byte, and failed when it let go without."""
        self._off(self._gate)
        unread = fcntl.ioctl(self._gate, termios.FIONREAD, b"\0\0\0\0")
        os.close(self._gate)
        if not any(unread):
            _fall_silent()

    def _on_exit(self) -> None:
        _, status = os.waitpid(self._monitor, 0)
        code = os.waitstatus_to_exitcode(status)
        self._exit = code if code >= 0 else 128 - code
        if code < 0 and self._init:
            # Somebody killed bubblewrap, maybe before the rest had learned to die with it.
            _kill(self._init, _SIGKILL)
        if self._stopped_early:
            self._exit = 128 + _SIGTERM
        self._monitor = 0
        self._off(self._monitor_end)

    def _record_exit(self) -> None:
        ran = b'"exit-code"' in os.read(self._status, _CHUNK)
        if ran or self._exit != _SETUP_FAILED:
            record.write(record.EXITED, code=self._exit, at=time.time_ns())
            return
        message = _last_line(self._last)
        record.write(record.EXITED, code=_NOT_FOUND, reason=record.CANNOT_RUN, message=message, at=time.time_ns())
        os.write(1, message.encode())


def _child_pid(status: bytes) -> int:
    """Read the pid of the container's first process; 0 when bubblewrap failed before it made one."""
    _, found, rest = status.partition(b'"child-pid":')
    return int(rest.split(b",")[0].strip(b" }\n")) if found else 0


def _program(init: int) -> int | None:
    """Find the container's own program, which is the first child of its first process; None when it has none."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/status") as file:
                fields = dict(line.split(":", 1) for line in file)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields["PPid"]) == init and fields["NSpid"].split()[-1] == _PROGRAM:
            return int(name)
    return None


def _kill(pid: int, signal: int) -> None:
    try:  # noqa: SIM105 -- contextlib is not cheap
        os.kill(pid, signal)
    except ProcessLookupError:
        pass


def _fall_silent() -> None:
    """Let go of the kubelet that reads our output."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "bubblewrap failed and did not say why"
