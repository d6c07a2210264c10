from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from peapod.kubelet.volumes.empty_dir import EmptyDir
from peapod.kubelet.volumes.host_path import HostPath
from peapod.kubelet.volumes.mounts import is_mounted, mount, unmount
from peapod.kubelet.volumes.remove import remove_tree
from peapod.kubelet.volumes.volume import VolumeError
from peapod.kubelet.volumes.volumes import Volumes
from peapod.v1 import pod_pb2
from tests.support.pods import make_pod
from tests.support.volumes import file_system_of


@pytest.fixture
def volumes(root: Path) -> Volumes:
    return Volumes(root, [EmptyDir(), HostPath()])


@pytest.fixture
def pod() -> pod_pb2.Pod:
    pod = make_pod()
    pod.spec.volumes.add(name="disk").empty_dir.SetInParent()
    pod.spec.volumes.add(name="memory").empty_dir.medium = "Memory"
    return pod


async def test_a_volume_in_memory_is_a_tmpfs_that_stays_until_the_pod_goes(
    volumes: Volumes, pod: pod_pb2.Pod, root: Path
) -> None:
    place = (await volumes.set_up(pod))["memory"]
    assert file_system_of(place) == "tmpfs"
    assert place.stat().st_mode & 0o777 == 0o777
    (place / "kept").write_text("x")
    assert (await Volumes(root, [EmptyDir()]).set_up(pod))["memory"] == place
    assert (place / "kept").read_text() == "x"
    await Volumes(root, [EmptyDir()]).tear_down("uid-1")
    assert not is_mounted(place)
    assert volumes.uids() == set()


async def test_a_volume_in_memory_is_made_again_after_the_machine_was(volumes: Volumes, pod: pod_pb2.Pod) -> None:
    place = (await volumes.set_up(pod))["memory"]
    await unmount(place)
    assert file_system_of((await volumes.set_up(pod))["memory"]) == "tmpfs"
    await volumes.tear_down("uid-1")


async def test_a_volume_that_is_mounted_twice_goes_all_the_same(volumes: Volumes, pod: pod_pb2.Pod) -> None:
    place = (await volumes.set_up(pod))["memory"]
    await mount("-t", "tmpfs", "tmpfs", place)
    await volumes.tear_down("uid-1")
    assert not is_mounted(place)


async def test_what_is_in_use_stays_until_it_is_not_and_keeps_no_other(volumes: Volumes, pod: pod_pb2.Pod) -> None:
    places = await volumes.set_up(pod)
    with (places["memory"] / "file").open("w"), pytest.raises(VolumeError, match="target is busy"):
        await volumes.tear_down("uid-1")
    assert is_mounted(places["memory"])
    assert not places["disk"].exists()
    await volumes.tear_down("uid-1")
    assert volumes.uids() == set()


async def test_what_a_container_has_mounted_in_a_volume_is_not_deleted(
    volumes: Volumes, pod: pod_pb2.Pod, tmp_path: Path
) -> None:
    place = (await volumes.set_up(pod))["disk"]
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "precious").write_text("x")
    (place / "deep").mkdir()
    await mount("--bind", theirs, place / "deep")
    with pytest.raises(VolumeError, match="deep is mounted"):
        await volumes.tear_down("uid-1")
    await unmount(place / "deep")
    await volumes.tear_down("uid-1")
    assert (theirs / "precious").read_text() == "x"


def test_a_mount_that_came_after_the_look_is_not_deleted_either(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "precious").write_text("x")
    (root / "a" / "b").mkdir(parents=True)
    subprocess.run(["mount", "--bind", tmp_path / "theirs", root / "a" / "b"], check=True)
    monkeypatch.setattr("peapod.kubelet.volumes.remove.mounted_below", lambda _: [])
    with pytest.raises(VolumeError, match="cannot delete"):
        remove_tree(root)
    subprocess.run(["umount", next(root.rglob("b"))], check=True)
    assert (tmp_path / "theirs" / "precious").read_text() == "x"


async def test_a_volume_in_memory_is_refused_in_words_where_mounting_is_not_allowed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root gets it in a container without privileges."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "mount").write_text('#!/bin/sh\nexec setpriv --bounding-set -sys_admin /usr/bin/mount "$@"\n')
    (tmp_path / "bin" / "mount").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    pod = make_pod()
    pod.spec.volumes.add(name="memory").empty_dir.medium = "Memory"
    volumes = Volumes(root, [EmptyDir()])
    with pytest.raises(VolumeError, match="permission denied"):
        await volumes.set_up(pod)
    await volumes.tear_down("uid-1")
    assert volumes.uids() == set()
