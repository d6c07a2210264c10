"""Keeps a second kubelet away from a directory that one works in."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peapod.common.errors import Unavailable


@contextmanager
def sole_user(root: Path) -> Iterator[None]:
    """Make the directory and hold it inside the block; raise `Unavailable` when another process does. A process
    that dies holds nothing.
    """
    try:
        root.mkdir(0o750, parents=True, exist_ok=True)
        file = (root / "lock").open("w")
    except OSError as error:
        raise Unavailable(f"cannot use {root}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise Unavailable(f"another kubelet works in {root}; --root-dir gives this one another") from taken
        yield
