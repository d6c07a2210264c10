"""Who uses a state directory: at most one `peapod up`, and none before the services of the one before are gone."""

from __future__ import annotations

import fcntl
import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peapod.common.errors import Unavailable

LEAVE_SECONDS = 30.0
"""How long services may take to end after the `up` that ran them was killed."""


@contextmanager
def sole_user(state_dir: Path) -> Iterator[int]:
    """Hold the directory inside the block. What is given is a descriptor for the services to inherit: as long as one
    of them has it open, the next `up` waits.

    Raises `Unavailable` while another `up` holds the directory, and when services that one has left do not end.
    """
    lock = os.open(state_dir / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        _take(lock, state_dir)
        services = _after_the_last(state_dir)
        try:
            yield services
        finally:
            os.close(services)
    finally:
        os.close(lock)


def _take(lock: int, state_dir: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Unavailable(f"{state_dir} is in use by another `peapod up`") from None


def _after_the_last(state_dir: Path) -> int:
    """Wait until nobody has the FIFO open for writing, and open it so."""
    fifo = state_dir / "services"
    if not fifo.exists():
        os.mkfifo(fifo, 0o600)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not _unused(reader) and not select.select([reader], [], [], LEAVE_SECONDS)[0]:
            raise Unavailable(f"services that an earlier `peapod up` ran in {state_dir} are still there")
        return os.open(fifo, os.O_WRONLY)
    finally:
        os.close(reader)


def _unused(reader: int) -> bool:
    """Tell whether nobody has the other end of a FIFO, into which nothing is ever written."""
    try:
        return os.read(reader, 1) == b""
    except BlockingIOError:
        return False
