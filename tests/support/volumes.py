"""Volumes for real: a kubelet's own directory in which things get mounted, and nothing of it left behind."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peapod.kubelet.volumes.mounts import mounted_below
from tests.support.needs import lacking


@contextmanager
def no_mounts_left(directory: Path) -> Iterator[None]:
    """Fail when anything is mounted below a directory in the end, or a file in it has a loop device; undo it then."""
    if os.geteuid() != 0:
        lacking("mounting needs root")
    try:
        yield
    finally:
        left = _clear(directory)
    assert not left


def _clear(directory: Path) -> list[str]:
    """Undo all mounts and loop devices, and name them."""
    mounts = [str(mount) for mount in sorted(mounted_below(directory), reverse=True)]
    for mount in mounts:
        subprocess.run(["umount", "--lazy", mount], check=True)
    devices = loop_devices(directory)
    for device in devices:
        subprocess.run(["losetup", "--detach", device], check=True)
    return mounts + devices


def loop_devices(directory: Path) -> list[str]:
    """The loop devices that stand on files below a directory."""
    command = ["losetup", "--list", "--json", "--output", "NAME,BACK-FILE"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    entries = json.loads(listed)["loopdevices"] if listed else []
    return [entry["name"] for entry in entries if (entry["back-file"] or "").startswith(f"{directory}/")]


def file_system_of(place: Path) -> str:
    """The type of the file system at a place, such as tmpfs."""
    return _run("stat", "--file-system", "--format=%T", str(place))


def make_disk(directory: Path, name: str, megabytes: int = 8) -> Path:
    """Make the image of a local disk, with nothing on it."""
    directory.mkdir(exist_ok=True)
    image = directory / f"{name}.img"
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    return image


def make_repository(directory: Path, **files: str) -> str:
    """Make a git repository with one commit of these files, and return the commit."""
    _git(directory.parent, "init", "--quiet", "--initial-branch=main", str(directory))
    return commit(directory, **files)


def commit(repository: Path, **files: str) -> str:
    """Commit these files, and return the commit."""
    for name, content in files.items():
        (repository / name).write_text(content)
    _git(repository, "add", ".")
    _git(repository, "-c", "user.name=Test", "-c", "user.email=test@example.test", "commit", "--quiet", "-m", "Test")
    return _git(repository, "rev-parse", "HEAD")


def _git(directory: Path, *arguments: str) -> str:
    return _run("git", "-C", str(directory), *arguments)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
