"""The process beside each command that is run in a container later: enters the container, starts the command there,
and kills it when the kubelet lets go or dies.

Like the supervisor it imports only the cheapest, for probes start one every few seconds. It shares the container's
namespaces except for that of processes, in which only its child is: so the container cannot see it.
"""

# Pathlib would cost a tenth of the memory and of the time.
# ruff: noqa: PTH116, PTH118, PTH208
from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import select
import signal
import sys
import termios

from peapod.kubelet.runtime.sandbox import record, signals

STARTED, REFUSED, GONE = b"+", b"-", b"!"
"""How the answer to the kubelet begins: the command runs; it cannot, and why; the container is not there."""

_CANNOT_RUN = 127
_MOST_ROUNDS = 100
_CLONE_NEWUSER = 0x10000000
_OTHER_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x20000000
"""CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID."""
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
_CAPABILITY_VERSION_3 = 0x20080522
_MOST_CAPABILITIES = 64

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Run as `enter DIRECTORY PID PIDFD CONTROL COMMAND...`: the container's directory, its first process, and a
    socket to the kubelet. Exits with the command's exit code, 128 + N after signal N.
    """
    directory, init, handle, control, *command = sys.argv[1:]
    os._exit(Entrance(int(control)).run(directory, int(init), int(handle), command))


class Entrance:
    """The way of one command into one container."""

    def __init__(self, control: int) -> None:
        os.set_inheritable(control, False)
        self._control = control
        # Taken along: inside, /proc is the container's own.
        self._proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        self._null = os.open(os.devnull, os.O_RDWR)

    def run(self, directory: str, init: int, handle: int, command: list[str]) -> int:
        """Start the command in the container, tell the kubelet, and return the exit code once it has ended."""
        try:
            inside = record.read_inside(f"{directory}/{record.INSIDE}")
            _enter(init, handle)
        except (ProcessLookupError, FileNotFoundError):
            return self._answer(GONE)
        except OSError as error:
            return self._answer(REFUSED + f"cannot enter the container: {error.strerror}".encode())
        said, saying = os.pipe()
        child = os.fork()
        if child == 0:
            _become(command, inside, saying)
        os.close(saying)
        for file in (0, 1, 2):
            os.dup2(self._null, file)
        return self._see_through(child, said)

    def _see_through(self, child: int, said: int) -> int:
        """Wait until the command has ended; kill it when the kubelet closes its end of the control socket."""
        ended = os.pidfd_open(child)
        poll = select.poll()
        for file in (said, ended, self._control):
            poll.register(file, select.POLLIN)
        while True:
            ready = {file for file, _ in poll.poll()}
            if self._control in ready:
                poll.unregister(self._control)
                self._kill(child)
            if said in ready:
                poll.unregister(said)
                problem = os.read(said, 4096)
                self._answer(REFUSED + problem if problem else STARTED)
            elif ended in ready:
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                return code if code >= 0 else 128 - code

    def _answer(self, words: bytes) -> int:
        try:  # noqa: SIM105 -- contextlib is not cheap
            os.write(self._control, words)
        except OSError:  # the kubelet has gone, which the control socket shows
            pass
        return _CANNOT_RUN

    def _kill(self, child: int) -> None:
        """Kill what the command has started, and then itself; stopped meanwhile, it cannot start more."""
        _signal(child, signal.SIGSTOP)
        for _ in range(_MOST_ROUNDS):
            family = self._family(child)
            if not family:
                break
            for pid in family:
                _signal(pid, signal.SIGKILL)
        _signal(child, signal.SIGKILL)

    def _family(self, child: int) -> set[int]:
        """Find the live processes that the command has started: those of its session, and its descendants."""
        parents: dict[int, int] = {}
        family = {child}
        for name in os.listdir(self._proc):
            if name.isdigit() and (about := self._about(name)):
                parents[int(name)], session = about
                if session == child:
                    family.add(int(name))
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        return family - {child}

    def _about(self, pid: str) -> tuple[int, int] | None:
        """Read the parent and the session of a process that lives."""
        try:
            file = os.open(f"{pid}/stat", os.O_RDONLY, dir_fd=self._proc)
        except OSError:
            return None
        try:
            state, parent, _, session, *_ = os.read(file, 4096).rpartition(b")")[2].split()
        except (OSError, ValueError):
            return None
        finally:
            os.close(file)
        return None if state in (b"Z", b"X") else (int(parent), int(session))


def _enter(init: int, handle: int) -> None:
    """Join the namespaces of the container's first process; children will be in its namespace of processes, too."""
    # A namespace of users is there only where a plain user runs the kubelet; nobody can join their own.
    other_users = os.stat("/proc/self/ns/user").st_ino != os.stat(f"/proc/{init}/ns/user").st_ino
    # Else a process of the container could look into the child, and through it at the node's files.
    _check(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))
    _check(_libc.setns(handle, _OTHER_NAMESPACES | (_CLONE_NEWUSER if other_users else 0)))
    os.close(handle)


def _become(command: list[str], inside: record.Inside, saying: int) -> None:
    """In the child: turn into the command."""
    what = command[0]
    try:
        os.setsid()
        environment = inside.environment
        if os.isatty(0):
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            environment = {b"TERM": b"xterm"} | environment
        signals.reset()
        _limit_privileges(inside.capabilities)
        what = os.fsdecode(inside.working_dir)
        os.chdir(what)
        what = command[0]
        _check(_libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0))
        _turn_into(command, environment)
    except OSError as error:
        os.write(saying, os.fsencode(f"{what}: {error.strerror}"))
    finally:
        os._exit(_CANNOT_RUN)


def _turn_into(command: list[str], environment: dict[bytes, bytes]) -> None:
    """Run a program, looked for on the container's path; os.execvpe would import more, which inside is not there."""
    program = os.fsencode(command[0])
    folders = [b""] if b"/" in program else environment.get(b"PATH", b"").split(b":")
    problem: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for folder in folders:
        try:
            os.execve(os.path.join(folder, program), command, environment)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            problem = error  # the right program may be in another folder
    raise problem


def _limit_privileges(kept: frozenset[int]) -> None:
    """Keep these capabilities at most, and gain none by running a program."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    for number in range(_MOST_CAPABILITIES):
        if number not in kept:
            _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    mask = sum(1 << number for number in kept)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)(low, low, low, high, high, high)))


def _signal(pid: int, number: int) -> None:
    try:  # noqa: SIM105 -- contextlib is not cheap
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _check(result: int) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
