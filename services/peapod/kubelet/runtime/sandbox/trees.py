"""Trees of files that are not ours to arrange: how big they are, and how to be rid of them."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

_BLOCK = 512


def delete(path: Path) -> None:
    """Delete a tree, also one whose folders a container or overlayfs has closed to us. Absent: nothing."""
    for folder, names, _ in os.walk(path):
        for name in names:
            inner = Path(folder, name)
            if not inner.is_symlink():
                inner.chmod(0o700)
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def size(path: Path) -> int:
    """Count the bytes that a tree takes on the disk, a file of several names once."""
    blocks: dict[int, int] = {}
    for folder, _, names in os.walk(path):
        for name in (".", *names):
            with suppress(FileNotFoundError):
                about = os.lstat(f"{folder}/{name}")
                blocks[about.st_ino] = about.st_blocks
    return sum(blocks.values()) * _BLOCK
