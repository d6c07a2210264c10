"""What is in a container's directory, and the small files that say what became of it.

The supervisor imports this, so it stands on nothing but the cheapest of the standard library.
"""

# Pathlib would cost every supervisor a tenth of its memory.
# ruff: noqa: PTH104, PTH108, PTH120, PTH123
from __future__ import annotations

import os

OPTIONS = "options"
"""bubblewrap's options, each ended by a NUL."""
COMMAND = "command"
"""The container's command and arguments, each ended by a NUL."""
INSIDE = "inside"
"""What programs of the container are given, for those that are run in it later."""
ALIVE = "alive"
"""A FIFO that has a writer as long as the supervisor or the container's first process lives."""
CONTROL = "control"
"""A FIFO from which the supervisor reads one-byte orders."""
LOG = "log"
STARTED = "started"
"""The record of a start: `pid` and `init` as numbers, `at` in nanoseconds since 1970. Never written twice."""
EXITED = "exited"
"""The record of an end: `code`, `reason`, `message`, and `at`."""

TERMINATE, KILL = b"t", b"k"
"""The orders."""

CANNOT_RUN = "ContainerCannotRun"
LOST = "SupervisorLost"

_ROOM = 4096


class Inside:
    """What a program of the container is given: capabilities by number, a directory to start in, an environment."""

    __slots__ = ("capabilities", "environment", "working_dir")

    def __init__(self, working_dir: bytes, capabilities: frozenset[int], environment: dict[bytes, bytes]) -> None:
        self.working_dir = working_dir
        self.capabilities = capabilities
        self.environment = environment

    def words(self) -> list[bytes]:
        """Say the same as words without a NUL, from which `read_inside` makes it again."""
        numbers = b",".join(b"%d" % number for number in sorted(self.capabilities))
        return [self.working_dir, numbers, *(name + b"=" + value for name, value in self.environment.items())]


def read_inside(path: str) -> Inside:
    """Read the words of an Inside, each ended by a NUL."""
    with open(path, "rb") as file:
        working_dir, numbers, *variables = file.read().split(b"\0")[:-1]
    pairs = (variable.partition(b"=") for variable in variables)
    capabilities = frozenset(int(number) for number in numbers.split(b",") if number)
    return Inside(working_dir, capabilities, {name: value for name, _, value in pairs})


def reserve(path: str) -> None:
    """Take the disk space of a record now, so that writing it later succeeds on a full disk."""
    _write_new(path, b"\n" * _ROOM)


def write(path: str, **fields: object) -> None:
    """Write a record; after a crash or a power cut it is there whole or not at all."""
    text = "".join(f"{key} {' '.join(str(value).splitlines())}\n" for key, value in fields.items())
    _write_new(path, text.encode(errors="replace")[:_ROOM])
    os.rename(path + ".new", path)
    _sync(os.path.dirname(path) or ".")


def write_once(path: str, **fields: object) -> None:
    """Write a record unless there is one, also when others are writing it at the same time."""
    mine = f"{path}.{os.urandom(8).hex()}"
    write(mine, **fields)
    try:
        os.link(mine, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(mine)


def read(path: str) -> dict[str, str] | None:
    """Read a record; None when it was not written yet."""
    try:
        with open(path, encoding="utf-8") as file:
            pairs = (line.rstrip("\n").partition(" ") for line in file)
            return {key: value for key, _, value in pairs}
    except FileNotFoundError:
        return None


def _write_new(path: str, data: bytes) -> None:
    handle = os.open(path + ".new", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(handle, data)
        os.ftruncate(handle, len(data))
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync(directory: str) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
