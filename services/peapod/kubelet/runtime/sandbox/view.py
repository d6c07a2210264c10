"""What a container sees of files: bubblewrap's options for the node's own root or an image's, and for mounts."""

# A path in another root is text; as a Path it would be taken for one of ours.
# ruff: noqa: PTH112, PTH115, PTH120
from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from peapod.kubelet.runtime.runtime import Mount
from peapod.kubelet.runtime.sandbox import rooted

LAYER, SCRATCH, TMP, VAR_TMP = "layer", "scratch", "tmp", "var-tmp"
"""Folders of a container's directory: what it writes to its image, overlayfs's own, and its temporary files."""

_NOT_SHARED = frozenset(("proc", "dev", "run", "tmp", "lost+found"))
_MADE = ("/proc", "/dev", "/run", "/tmp", "/var/tmp")
"""Places that a container on the node's root has of its own, so that anything can be mounted below them."""


def of_node(own: Path, mounts: Sequence[Mount], hidden: Iterable[Path]) -> list[str]:
    """Show the node's root read-only, without `hidden`, /run and what is temporary.

    `own` is the container's directory, `hidden` are directories.
    """
    targets = _targets("/", mounts)
    words = [word for entry in sorted(os.scandir("/"), key=lambda e: e.name) for word in _share(entry)]
    extended = _to_extend(targets)
    for folder in extended:
        words += ["--overlay-src", folder, "--tmp-overlay", folder]
    words += ["--bind", str(own / TMP), "/tmp", "--perms", "0755", "--tmpfs", "/run"]
    if Path("/var/tmp").is_dir():
        words += ["--bind", str(own / VAR_TMP), "/var/tmp"]
    words += _kernel()
    for real in map(os.path.realpath, hidden):
        if os.path.isdir(real) and not any(_below(real, place) for place in _MADE):
            words += ["--tmpfs", real, "--remount-ro", real]
    words += _bind("/", targets)
    for folder in (*extended, "/"):
        words += ["--remount-ro", folder]
    return words


def of_image(rootfs: Path, own: Path, mounts: Sequence[Mount], working_dir: str) -> list[str]:
    """Show an image's root; what the container writes to it stays in `own`, the container's directory."""
    root = str(rootfs)
    words = ["--overlay-src", root, "--overlay", str(own / LAYER), str(own / SCRATCH), "/"]
    words += [*_kernel(), "--ro-bind", "/sys", "/sys", *_make(root, ["/tmp"], "1777")]
    inside = rooted.resolve(root, working_dir)
    return [*words, *_make(root, [inside], "0755"), *_bind(root, _targets(root, mounts))]


def _share(entry: os.DirEntry[str]) -> list[str]:
    if entry.name in _NOT_SHARED:
        return []
    if entry.is_symlink():
        return ["--symlink", os.readlink(entry.path), entry.path]
    return ["--ro-bind-try", entry.path, entry.path]


def _kernel() -> list[str]:
    # Root inside is root outside: it must not write the node's settings.
    return ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]


def _targets(root: str, mounts: Sequence[Mount]) -> list[tuple[str, Mount]]:
    """Pair each mount with its place inside the root, the outer before the inner."""
    places = [(rooted.resolve(root, mount.target), mount) for mount in mounts]
    return sorted(places, key=lambda place: place[0].split("/"))


def _to_extend(targets: Sequence[tuple[str, Mount]]) -> list[str]:
    """Find the node's folders in which mount points are missing: a read-only folder takes no new names."""
    folders = set()
    for index, (target, _) in enumerate(targets):
        outer = [*_MADE, *(other for other, _ in targets[:index])]
        if not os.path.lexists(target) and not any(_below(target, place) for place in outer):
            folders.add(_deepest_there("/", target))
    return sorted(folders - {"/"})


def _bind(root: str, targets: Sequence[tuple[str, Mount]]) -> list[str]:
    words = []
    for index, (target, mount) in enumerate(targets):
        if not any(_below(target, other) for other, _ in targets[:index]):
            words += _make(root, [str(parent) for parent in reversed(PurePosixPath(target).parents)], "0755")
        words += ["--ro-bind" if mount.read_only else "--bind", mount.source, target]
    return words


def _make(root: str, folders: Iterable[str], mode: str) -> list[str]:
    """Make folders that the root does not have; those that bubblewrap makes unasked are closed to all but root."""
    missing = [folder for folder in folders if not os.path.lexists(rooted.join(root, folder))]
    return [word for folder in missing for word in ("--perms", mode, "--dir", folder)]


def _deepest_there(root: str, path: str) -> str:
    while path != "/" and not os.path.lexists(rooted.join(root, path)):
        path = os.path.dirname(path)
    return path


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
