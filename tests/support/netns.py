"""Networks of a test's own: namespaces that end with the test, whatever becomes of it, and lead nowhere else."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.needs import lacking

CLONE_NEWNET = 0x40000000
_OWN = Path("/proc/self/ns/net")
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def need(*programs: str) -> None:
    """Skip where no namespaces can be made, or one of these programs is missing."""
    if os.geteuid():
        lacking("network namespaces are made by root alone")
    for program in ("ip", "unshare", "nsenter", *programs):
        if shutil.which(program, path=PATH) is None:
            lacking(f"there is no {program} on the PATH; scripts/install-machine brings it")


class Netns:
    """One network namespace, with its loopback up and nothing else."""

    def __init__(self, holder: subprocess.Popen[bytes]) -> None:
        self.pid = holder.pid
        self._file = Path(f"/proc/{holder.pid}/ns/net")
        # Rules that a test writes must never be the machine's own.
        assert self._file.readlink() != _OWN.readlink()
        self.run("ip", "link", "set", "lo", "up")

    @property
    def prefix(self) -> tuple[str, ...]:
        """What a command line begins with that is to run inside."""
        return ("nsenter", f"--net={self._file}", "--")

    def run(self, *command: str, input: str = "") -> str:
        """Run a program inside, and return what it printed."""
        environment = {**os.environ, "PATH": PATH}
        done = subprocess.run(
            [*self.prefix, *command],
            input=input.encode(),
            capture_output=True,
            timeout=30,
            check=False,
            env=environment,
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.decode()}"
        return done.stdout.decode()

    def socket(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
        """Make a socket that lives inside, for this process, which does not."""
        made: list[socket.socket] = []

        def enter_and_make() -> None:
            libc = ctypes.CDLL(None, use_errno=True)
            with self._file.open() as namespace:
                if libc.setns(namespace.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.socket(socket.AF_INET, kind))

        # A thread that has entered does not come back: it ends.
        thread = threading.Thread(target=enter_and_make)
        thread.start()
        thread.join()
        made[0].setblocking(False)
        return made[0]

    def connect(self, other: Netns, name: str, other_name: str) -> None:
        """Lay a cable to another namespace; both its ends are up."""
        self.run("ip", "link", "add", name, "type", "veth", "peer", "name", other_name, "netns", str(other.pid))
        self.run("ip", "link", "set", name, "up")
        other.run("ip", "link", "set", other_name, "up")


async def open_connection(source: Netns, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect from inside of a namespace; raises OSError where that fails."""
    made = source.socket()
    try:
        await asyncio.get_running_loop().sock_connect(made, (host, port))
        return await asyncio.open_connection(sock=made)
    except BaseException:
        made.close()
        raise


@contextmanager
def namespaces(count: int) -> Iterator[list[Netns]]:
    """Make namespaces; they, and all that is in them, are gone when the block ends or this process does."""
    with ExitStack() as stack:
        yield [stack.enter_context(_namespace()) for _ in range(count)]


@contextmanager
def _namespace() -> Iterator[Netns]:
    # It lives as long as someone is in it: cat, until its input ends.
    with subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(b"here\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == b"here\n", "no namespace could be made"
        yield Netns(holder)
        holder.stdin.close()
