from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from peapod.kubelet.runtime.runtime import Mount
from peapod.kubelet.volumes.empty_dir import EmptyDir
from peapod.kubelet.volumes.host_path import HostPath
from peapod.kubelet.volumes.remove import remove_tree
from peapod.kubelet.volumes.volume import VolumeError
from peapod.kubelet.volumes.volumes import Volumes, mounts
from peapod.v1 import pod_pb2
from tests.support.pods import make_pod


@pytest.fixture
def volumes(tmp_path: Path) -> Volumes:
    return Volumes(tmp_path / "root", [EmptyDir(), HostPath()])


@pytest.fixture
def pod(tmp_path: Path) -> pod_pb2.Pod:
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "theirs").write_text("precious")
    pod = make_pod("a")
    pod.spec.volumes.add(name="scratch").empty_dir.SetInParent()
    pod.spec.volumes.add(name="node").host_path.path = str(tmp_path / "host")
    pod.spec.containers[0].volume_mounts.add(name="scratch", mount_path="/tmp/scratch")
    pod.spec.containers[0].volume_mounts.add(name="node", mount_path="/node", read_only=True)
    return pod


async def test_volumes_are_where_the_plugin_and_the_name_say(
    volumes: Volumes, pod: pod_pb2.Pod, tmp_path: Path
) -> None:
    places = await volumes.set_up(pod)
    scratch = tmp_path / "root/pods/uid-1/volumes/kubernetes.io~empty-dir/scratch"
    assert mounts(pod.spec.containers[0], places) == [
        Mount(str(scratch), "/tmp/scratch"),
        Mount(str(tmp_path / "host"), "/node", read_only=True),
    ]
    assert scratch.stat().st_mode & 0o777 == 0o777
    assert (tmp_path / "root/pods/uid-1").stat().st_mode & 0o777 == 0o750
    assert volumes.uids() == {"uid-1"}


async def test_setting_up_again_keeps_what_was_written(volumes: Volumes, pod: pod_pb2.Pod) -> None:
    (await volumes.set_up(pod))["scratch"].joinpath("file").write_text("kept")
    assert (await volumes.set_up(pod))["scratch"].joinpath("file").read_text() == "kept"


async def test_tearing_down_removes_the_pods_directory_and_nothing_of_the_node(
    volumes: Volumes, pod: pod_pb2.Pod, tmp_path: Path
) -> None:
    scratch = (await volumes.set_up(pod))["scratch"]
    scratch.joinpath("deep/er").mkdir(parents=True)
    scratch.joinpath("deep/er/file").write_text("x")
    scratch.joinpath("link").symlink_to(tmp_path / "host")
    await volumes.tear_down("uid-1")
    assert volumes.uids() == set()
    assert (tmp_path / "host" / "theirs").read_text() == "precious"
    await volumes.tear_down("uid-1")


async def test_a_host_path_must_exist(volumes: Volumes, pod: pod_pb2.Pod) -> None:
    pod.spec.volumes[1].host_path.path = "/nowhere/to/be/found"
    with pytest.raises(VolumeError, match="there is no /nowhere/to/be/found on this node"):
        await volumes.set_up(pod)


async def test_what_cannot_be_provided_is_refused_by_name(volumes: Volumes, pod: pod_pb2.Pod) -> None:
    pod.spec.volumes[0].empty_dir.medium = "Tape"
    pod.spec.volumes.add(name="disk").nfs.server = "filer"
    assert [(one.field, one.description) for one in volumes.refusals(pod)] == [
        ("spec.volumes[0]", 'empty_dir.medium "Tape" is not supported'),
        ("spec.volumes[2]", "nfs volumes are not supported"),
    ]


async def test_a_uid_that_is_no_name_touches_nothing(volumes: Volumes, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    for uid in ("", "..", "../../host"):
        with pytest.raises(VolumeError, match="is no name for a directory"):
            await volumes.tear_down(uid)
        with pytest.raises(VolumeError, match="is no name for a directory"):
            await volumes.set_up(make_pod("a", uid=uid))
    assert (tmp_path / "root").exists()


async def test_a_volume_of_an_unknown_plugin_is_left_alone(volumes: Volumes, pod: pod_pb2.Pod, tmp_path: Path) -> None:
    await volumes.set_up(pod)
    strange = tmp_path / "root/pods/uid-1/volumes/acme~tape/reel"
    strange.mkdir(parents=True)
    with pytest.raises(VolumeError, match="nothing knows how to tear down"):
        await volumes.tear_down("uid-1")
    assert strange.exists()


def test_what_is_deep_and_closed_is_deleted_all_the_same(tmp_path: Path) -> None:
    top, name = tmp_path / "top", "x" * 200
    top.mkdir()
    steps = f"for i in $(seq 100); do mkdir {name} && cd {name} && : > file; done; chmod 0 ."
    subprocess.run(["sh", "-c", steps], cwd=top, check=True)
    assert 100 * len(name) > os.pathconf(top, "PC_PATH_MAX")
    remove_tree(top)
    assert not top.exists()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A pod's directory with somebody's data bind-mounted deep in it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "theirs").write_text("precious")
    point = tmp_path / "pod dir" / "volumes" / "point"
    point.mkdir(parents=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "--bind", tmp_path / "data", point], check=False).returncode:
        pytest.skip("this user may not mount")
    yield tmp_path / "pod dir"
    subprocess.run(["umount", point], check=True)


def test_nothing_is_deleted_through_a_mount_point(mounted: Path, tmp_path: Path) -> None:
    (mounted / "ours").write_text("x")
    with pytest.raises(VolumeError, match="is mounted"):
        remove_tree(mounted)
    assert (tmp_path / "data" / "theirs").read_text() == "precious"
    assert (mounted / "ours").exists()
