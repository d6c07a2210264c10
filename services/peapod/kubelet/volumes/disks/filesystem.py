"""The file system on a disk: made when there is none at all, and mounted once on the node."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from pathlib import Path

from peapod.kubelet.volumes.disks.provider import DiskError
from peapod.kubelet.volumes.mounts import is_mounted, mount
from peapod.kubelet.volumes.tools import ToolError, run
from peapod.kubelet.volumes.volume import make_directory

_MODE = 0o750
_NOTHING_FOUND = 2
"""The exit status of blkid for a device on which it knows nothing."""
_NOT_ON_IT = ("DEVNAME=", "PART_ENTRY_")
"""What blkid knows of a device, and of its place in a partition table, rather than of what is on it."""
_PROBED = 1 << 20
_MAKE_SECONDS = 600.0
_FORCE = ("-q", "-F")
"""What the makers of ext file systems want in order not to ask."""


def type_problem(fs_type: str) -> str:
    """Say what is wrong with the name of a file system; empty when nothing is."""
    return "" if re.fullmatch(r"[a-z][a-z0-9]*", fs_type) else f'"{fs_type}" is no file system'


async def mount_disk(device: Path, place: Path, fs_type: str, *, read_only: bool) -> None:
    """Mount a device at a place, unless something is mounted there. Raises `VolumeError`.

    A disk that is to be written, and on which there is nothing yet, gets a file system of this type first.
    """
    if is_mounted(place):
        return
    make_directory(place, _MODE)
    if not read_only and await _is_blank(device):
        await _make(device, fs_type)
    await mount("-t", fs_type, "-o", "ro" if read_only else "rw", "--", device, place)


def is_busy(device: Path) -> bool:
    """Tell whether anything has mounted a device, in any mount namespace: the kernel gives it to nobody else then."""
    try:
        os.close(os.open(device, os.O_RDONLY | os.O_EXCL))
    except OSError as error:
        return error.errno == errno.EBUSY
    return False


async def _is_blank(device: Path) -> bool:
    """Tell whether there is neither a file system nor a partition table nor anything else that blkid knows."""
    # To blkid, what cannot be read looks as if nothing were there.
    await asyncio.to_thread(_read, device)
    try:
        found = await run("blkid", "--probe", "--output", "export", device)
    except ToolError as error:
        if error.status == _NOTHING_FOUND:
            return True
        raise
    return all(line.startswith(_NOT_ON_IT) for line in found.splitlines())


async def _make(device: Path, fs_type: str) -> None:
    options = _FORCE if fs_type.startswith("ext") else ()
    await run(f"mkfs.{fs_type}", *options, device, seconds=_MAKE_SECONDS)


def _read(device: Path) -> None:
    try:
        with device.open("rb", buffering=0) as file:
            file.read(_PROBED)
    except OSError as error:
        raise DiskError(f"cannot read {device}: {error.strerror}") from error
