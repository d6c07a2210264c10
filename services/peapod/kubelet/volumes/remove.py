"""Deletes directories, and only what is really in them: never what is mounted there."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

from peapod.kubelet.volumes.mounts import mounted_below
from peapod.kubelet.volumes.volume import VolumeError


def remove_tree(path: Path) -> None:
    """Delete a directory with all that is in it; absent: nothing.

    Refuses with `VolumeError`, and deletes nothing, when anything is mounted at it or below, bind mounts included:
    what is behind a mount belongs to somebody else. Links are deleted, never followed. Any depth is fine.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    if mounts := mounted_below(path):
        raise VolumeError(f"{mounts[0]} is mounted, so {path} is not deleted")
    try:
        _take_apart(path)
    except OSError as error:
        raise VolumeError(f"cannot delete {path}: {error.strerror}: {error.filename}") from error


def remove_empty(path: Path) -> None:
    """Delete a directory that must be empty, as a mount point is once its mount is undone; absent: nothing.

    This also ends what other mount namespaces still have mounted there, as sandboxes do that started meanwhile.
    """
    try:
        path.rmdir()
    except FileNotFoundError:
        return
    except OSError as error:
        raise VolumeError(f"cannot delete {path}: {error.strerror}") from error


def _take_apart(root: Path) -> None:
    """Delete level by level: each directory first moves up to the root, so that no path gets too long.

    A directory on which something was mounted meanwhile cannot be moved, and nothing in it is touched.
    """
    device = root.lstat().st_dev
    root.chmod(0o700)
    names = (root / f".deleting-{number}" for number in count())
    waiting = [root]
    while waiting:
        directory = waiting[-1]
        inner = _clear(directory, device)
        if not inner:
            waiting.pop().rmdir()
        for child in inner:
            waiting.append(_move(child, next(name for name in names if not os.path.lexists(name))))


def _clear(directory: Path, device: int) -> list[Path]:
    """Delete what is no directory, and return the directories."""
    inner = []
    for entry in _entries(directory):
        if not entry.is_dir(follow_symlinks=False):
            Path(entry.path).unlink()
        elif entry.stat(follow_symlinks=False).st_dev != device:
            raise OSError(0, "another file system is mounted there", entry.path)
        else:
            inner.append(Path(entry.path))
    return inner


def _entries(directory: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except PermissionError:
        # A container may close its directories to their owner, which counts when the kubelet is not root.
        directory.chmod(0o700)
        with os.scandir(directory) as entries:
            return list(entries)


def _move(child: Path, target: Path) -> Path:
    try:
        return child.rename(target)
    except PermissionError:
        child.chmod(0o700)
        return child.rename(target)
