"""Finding and killing processes by a file that they hold open, which unlike a pid is never another's."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def kill_writers(path: Path) -> None:
    """Kill every process that has the file open for writing; those of other users are not seen."""
    file = path.stat()
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            _kill_if_writer(int(entry.name), (file.st_dev, file.st_ino))


def open_writer(pid: int, path: Path) -> int | None:
    """Open a process as a pidfd if it has the file open for writing; None when it is gone, or another's by now."""
    try:
        file = path.stat()
        handle = os.pidfd_open(pid)
    except (FileNotFoundError, ProcessLookupError):
        return None
    if (file.st_dev, file.st_ino) in _written(pid):
        return handle
    os.close(handle)
    return None


def _kill_if_writer(pid: int, file: tuple[int, int]) -> None:
    try:
        # Opened before the look: should the pid go to another process meanwhile, the signal reaches nobody.
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if file in _written(pid):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
    finally:
        os.close(handle)


def _written(pid: int) -> Iterator[tuple[int, int]]:
    """Name by device and inode what a process has open for writing."""
    folder = _PROC / str(pid)
    try:
        for link in (folder / "fd").iterdir():
            about = link.stat()
            if _flags(folder / "fdinfo" / link.name) & os.O_ACCMODE != os.O_RDONLY:
                yield about.st_dev, about.st_ino
    except OSError:
        return


def _flags(fdinfo: Path) -> int:
    fields = dict(line.split(":", 1) for line in fdinfo.read_text().splitlines() if ":" in line)
    return int(fields["flags"], 8)
