"""Deletes directories, and only what is really in them: never what is mounted there."""

from __future__ import annotations

import os
from pathlib import Path

from peapod.kubelet.volumes.volume import VolumeError

MOUNTS = Path("/proc/self/mountinfo")


def mounted_below(path: Path) -> list[Path]:
    """Find what is mounted at a path or below it."""
    target = path.resolve()
    points = [_mount_point(line) for line in MOUNTS.read_text().splitlines()]
    return [point for point in points if point == target or target in point.parents]


def remove_tree(path: Path) -> None:
    """Delete a directory with all that is in it; absent: nothing.

    Refuses with `VolumeError`, and deletes nothing, when anything is mounted at it or below, bind mounts included:
    what is behind a mount belongs to somebody else. Links are deleted, never followed.
    """
    if path.is_symlink() or not path.exists():
        path.unlink(missing_ok=True)
        return
    if mounts := mounted_below(path):
        raise VolumeError(f"{mounts[0]} is mounted, so {path} is not deleted")
    try:
        _remove(path, path.lstat().st_dev)
    except OSError as error:
        raise VolumeError(f"cannot delete {path}: {error.strerror}: {error.filename}") from error


def _remove(directory: Path, device: int) -> None:
    with os.scandir(directory) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                Path(entry.path).unlink()
            elif entry.stat(follow_symlinks=False).st_dev != device:
                raise OSError(0, "another file system is mounted there", entry.path)
            else:
                _remove(Path(entry.path), device)
    directory.rmdir()


def _mount_point(line: str) -> Path:
    """Read one line of mountinfo, where blanks and the like are written as octal numbers."""
    return Path(line.split(" ")[4].encode().decode("unicode_escape").encode("latin-1").decode(errors="surrogateescape"))
