"""NFS by the system's mount, with a helper in place of the one for NFS: no kernel here has a client for it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from peapod.kubelet.volumes.mounts import is_mounted
from peapod.kubelet.volumes.nfs import Nfs
from peapod.kubelet.volumes.volume import VolumeError
from peapod.kubelet.volumes.volumes import Volumes
from peapod.v1 import pod_pb2
from tests.support.pods import make_pod

HELPER = """#!/bin/sh
# As mount calls the helpers of file systems: SOURCE PLACE -o OPTIONS
echo "$*" >> "$EXPORTS/calls"
[ "${1%%:*}" = filer ] || { echo "mount.nfs: Failed to resolve server ${1%%:*}" >&2; exit 32; }
[ ! -e "$EXPORTS/silent" ] || exec sleep 60
exec @mount@ --bind -o "$4" "$EXPORTS/${1#*:}" "$2"
"""
"""Mounts what a directory exports, as if it were a server's."""

MOUNT = """#!/bin/sh
# Does what mount does with a helper in /sbin, where a test must not put one.
[ "$1 $2" = "-t nfs" ] || exec @mount@ "$@"
[ "$3 $5" = "-o --" ] || exit 1
exec "$EXPORTS/mount.nfs" "$6" "$7" -o "$4"
"""


@pytest.fixture
def exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the server `filer` has; "calls" tells how the helper was called."""
    exports, real = tmp_path / "exports", str(shutil.which("mount"))
    (exports / "srv").mkdir(parents=True)
    (exports / "srv" / "precious").write_text("x")
    for name, text in (("mount", MOUNT), ("mount.nfs", HELPER)):
        (exports / name).write_text(text.replace("@mount@", real))
        (exports / name).chmod(0o755)
    monkeypatch.setenv("EXPORTS", str(exports))
    monkeypatch.setenv("PATH", f"{exports}:{os.environ['PATH']}")
    return exports


@pytest.fixture
def volumes(root: Path) -> Volumes:
    return Volumes(root, [Nfs()])


def pod_with(server: str = "filer", *, read_only: bool = False) -> pod_pb2.Pod:
    pod = make_pod()
    source = pod.spec.volumes.add(name="data").nfs
    source.server, source.path, source.read_only = server, "/srv", read_only
    return pod


async def test_a_directory_of_a_server_is_mounted_once_and_never_deleted(
    volumes: Volumes, exports: Path, root: Path
) -> None:
    place = (await volumes.set_up(pod_with()))["data"]
    assert (place / "precious").read_text() == "x"
    (place / "new").write_text("y")
    await Volumes(root, [Nfs()]).set_up(pod_with())
    assert (exports / "calls").read_text() == f"filer:/srv {place} -o rw\n"
    await Volumes(root, [Nfs()]).tear_down("uid-1")
    assert not is_mounted(place)
    assert volumes.uids() == set()
    assert {file.name: file.read_text() for file in (exports / "srv").iterdir()} == {"precious": "x", "new": "y"}


async def test_a_reader_cannot_write(volumes: Volumes, exports: Path) -> None:
    place = (await volumes.set_up(pod_with(read_only=True)))["data"]
    assert (exports / "calls").read_text() == f"filer:/srv {place} -o ro\n"
    with pytest.raises(OSError, match="Read-only file system"):
        (place / "new").write_text("y")
    await volumes.tear_down("uid-1")


async def test_the_helpers_own_words_are_said(volumes: Volumes, exports: Path) -> None:
    with pytest.raises(VolumeError, match=r"^mount\.nfs: Failed to resolve server absent$"):
        await volumes.set_up(pod_with("absent"))
    await volumes.tear_down("uid-1")
    assert volumes.uids() == set()


async def test_a_server_that_is_silent_is_given_up_for_now(
    volumes: Volumes, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peapod.kubelet.volumes.nfs._SECONDS", 1.0)
    (exports / "silent").touch()
    with pytest.raises(VolumeError, match=r"^mount took more than 1 s and was ended$"):
        await volumes.set_up(pod_with())
    (exports / "silent").unlink()
    assert (await volumes.set_up(pod_with()))["data"].joinpath("precious").exists()
    await volumes.tear_down("uid-1")


async def test_a_mount_that_cannot_be_undone_keeps_what_is_on_the_server(volumes: Volumes, exports: Path) -> None:
    place = (await volumes.set_up(pod_with()))["data"]
    with (place / "open").open("w"), pytest.raises(VolumeError, match="target is busy"):
        await volumes.tear_down("uid-1")
    assert (exports / "srv" / "precious").read_text() == "x"
    await volumes.tear_down("uid-1")
    assert volumes.uids() == set()
