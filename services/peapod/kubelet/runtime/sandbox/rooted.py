"""Paths inside a root file system that is not ours, whose symlinks may say anything."""

# A path in another root is text; as a Path it would be taken for one of ours.
# ruff: noqa: PTH115, PTH118
from __future__ import annotations

import errno
import os
from collections import deque

_MOST_LINKS = 40


def resolve(root: str, path: str) -> str:
    """Follow the symlinks in a path as a process would whose root is `root`; return a path inside that root.

    The result begins with a slash, has no symlink and no `..` in it, and may name something that is not there.
    Raises OSError (ELOOP) for a chain of links without end.
    """
    done: list[str] = []
    todo = deque(path.split("/"))
    links = 0
    while todo:
        part = todo.popleft()
        if part == "..":
            done = done[:-1]
        elif part not in ("", "."):
            done.append(part)
            if (target := _link(join(root, "/".join(done)))) is not None:
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                done = [] if target.startswith("/") else done[:-1]
                todo.extendleft(reversed(target.split("/")))
    return "/" + "/".join(done)


def join(root: str, inside: str) -> str:
    """Say where a resolved path inside a root is on the node."""
    return os.path.join(root, inside.lstrip("/"))


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None
