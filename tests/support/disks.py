"""Small disks, for what becomes of things when they are full."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

Relieve = Callable[[], object]
"""Makes room."""


@contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[Relieve]:
    """Mount a small disk at the directory; what relieves it makes it larger."""
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(directory))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"mounting a small disk needs root: {error}")
    try:
        yield lambda: _run("mount", "-o", f"remount,size={megabytes + 64}m", str(directory))
    finally:
        _run("umount", "--lazy", str(directory))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
