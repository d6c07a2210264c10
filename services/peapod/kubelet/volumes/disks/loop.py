"""Loop devices, by the system's losetup. Everything blocks, for moments."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from peapod.kubelet.volumes.disks.filesystem import is_busy
from peapod.kubelet.volumes.disks.provider import DiskError
from peapod.kubelet.volumes.tools import tool_environment

_SECONDS = 30
_LOOK_SECONDS = 2.0
_PAUSE_SECONDS = 0.01
_COLUMNS = ("NAME", "BACK-INO", "BACK-MAJ:MIN", "BACK-FILE")


def devices_on(image: Path) -> set[str]:
    """Find the devices that stand on a file, by whatever name, and also when the file is deleted."""
    listed = _losetup("--list", "--json", "--output", ",".join(_COLUMNS))
    entries = json.loads(listed)["loopdevices"] if listed else []
    rows = [[str(entry[column.lower()]).strip() for column in _COLUMNS] for entry in entries]
    mine = (_identity(image), str(image.resolve()))
    return {
        device
        for device, inode, disk, path in rows
        if (inode, disk) == mine[0] or path.removesuffix(" (deleted)") == mine[1]
    }


def attach(image: Path, *, read_only: bool, keep: int) -> str:
    """Make a device of a file. Should this process die meanwhile, the file `keep` stays open until that is done."""
    options = ["--read-only"] if read_only else []
    return _losetup("--find", "--show", "--partscan", *options, "--", str(image), keep=(keep,))


def detach(device: str) -> None:
    """Let go of a device. One that is mounted goes when it is no longer; one that somebody looks at is waited for."""
    _losetup("--detach", device)
    deadline = time.monotonic() + _LOOK_SECONDS
    backing = Path("/sys/block", Path(device).name, "loop/backing_file")
    while backing.exists() and not is_busy(Path(device)) and time.monotonic() < deadline:
        # Every list of devices opens them all for a moment, and nobody is told when one is closed.
        time.sleep(_PAUSE_SECONDS)


def _identity(image: Path) -> tuple[str, str]:
    try:
        status = image.stat()
    except FileNotFoundError:
        return "", ""
    return str(status.st_ino), f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"


def _losetup(*arguments: str, keep: tuple[int, ...] = ()) -> str:
    environment = tool_environment()
    program = shutil.which("losetup", path=environment["PATH"])
    if program is None:
        raise DiskError("losetup is not installed on this node")
    try:
        done = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env=environment,
            pass_fds=keep,
        )
    except subprocess.TimeoutExpired:
        raise DiskError(f"losetup took more than {_SECONDS} s and was ended") from None
    if done.returncode:
        raise DiskError(next(iter(done.stderr.splitlines()), "losetup failed"))
    return done.stdout.strip()
