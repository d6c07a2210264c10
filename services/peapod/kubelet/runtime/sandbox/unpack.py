"""Unpacking one tar into a root file system, whatever the tar says.

Nothing outside the root is ever read, written or removed: every folder on the way to an entry is found as a process
inside the root would find it, and the entry itself replaces a symlink of its name instead of following it.
"""

# A path in another root is text; as a Path it would be taken for one of ours.
# ruff: noqa: PTH101, PTH102, PTH103, PTH108, PTH112, PTH114, PTH118, PTH120, PTH208, PTH211
from __future__ import annotations

import errno
import os
import posixpath
import shutil
import stat
import tarfile
from collections.abc import Iterable

from peapod.kubelet.runtime.sandbox import rooted

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_IMPOSSIBLE = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.EPERM,
        errno.EINVAL,
    }
)
"""What the kernel says when entries contradict each other, such as a file in a file."""


class HostileArchive(Exception):
    """An entry of the archive names something that cannot be in a root file system."""


def unpack(tar: tarfile.TarFile, root: str) -> None:
    """Lay a tar over a root: its entries replace what is there, and its whiteouts remove it.

    Device nodes are left out, and so are set-user-id bits, which have no effect in a sandbox. Raises
    `HostileArchive`, and what tarfile and the disk raise; the root is then half done.
    """
    members = tar.getmembers()
    for member in members:
        _white_out(member, root)
    for member in members:
        if not posixpath.basename(member.name).startswith(_WHITEOUT):
            try:
                _lay(tar, member, root)
            except OSError as error:
                if error.errno in _IMPOSSIBLE:
                    raise HostileArchive(f"{member.name!r} cannot be made: {error.strerror}") from error
                raise


def _white_out(member: tarfile.TarInfo, root: str) -> None:
    """Remove what a layer's whiteout covers; done first, for it is about the layers below only."""
    name = posixpath.basename(member.name)
    if not name.startswith(_WHITEOUT):
        return
    folder = os.path.dirname(_place(member.name, root))
    if name == _OPAQUE:
        covered: Iterable[str] = os.listdir(folder) if os.path.isdir(folder) else ()
    else:
        covered = [name.removeprefix(_WHITEOUT)]
    for victim in covered:
        if victim in ("", ".", ".."):
            raise HostileArchive(f"a whiteout of {victim!r} in {member.name!r}")
        _remove(os.path.join(folder, victim))


def _lay(tar: tarfile.TarFile, member: tarfile.TarInfo, root: str) -> None:
    place = _place(member.name, root)
    if place == root and not member.isdir():
        raise HostileArchive("the root is not a folder")
    if not (member.isdir() and _is_folder(place)):
        _remove(place)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if not _make(tar, member, place, root):
            return
    if member.islnk():
        return
    if os.geteuid() == 0:
        os.lchown(place, member.uid, member.gid)
    if not member.issym():
        os.chmod(place, _mode(member))
        os.utime(place, (member.mtime, member.mtime))


def _make(tar: tarfile.TarFile, member: tarfile.TarInfo, place: str, root: str) -> bool:
    """Make the entry itself, without its owner and mode; False for a kind that is left out."""
    if member.isdir():
        os.mkdir(place)
    elif member.issym():
        os.symlink(member.linkname, place)
    elif member.islnk():
        os.link(_place(member.linkname, root), place, follow_symlinks=False)
    elif member.isfifo():
        os.mkfifo(place)
    elif member.isreg():
        content = tar.extractfile(member)
        assert content is not None
        with content, os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            shutil.copyfileobj(content, file)
    else:
        return False
    return True


def _place(name: str, root: str) -> str:
    """Say where on the node an entry belongs; the last part of its name may be a symlink there."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise HostileArchive(f"the name {name!r} leads out of its folder")
    if not parts:
        return root
    folder = rooted.join(root, rooted.resolve(root, "/".join(parts[:-1])))
    return os.path.join(folder, parts[-1])


def _remove(place: str) -> None:
    if _is_folder(place):
        shutil.rmtree(place)
    elif os.path.lexists(place):
        os.unlink(place)


def _is_folder(place: str) -> bool:
    return os.path.isdir(place) and not os.path.islink(place)


def _mode(member: tarfile.TarInfo) -> int:
    if not member.isdir():
        return member.mode & 0o1777
    # A folder that is closed to its owner could not be filled or removed by a plain user.
    return member.mode & 0o7777 | (0 if os.geteuid() == 0 else stat.S_IRWXU)
