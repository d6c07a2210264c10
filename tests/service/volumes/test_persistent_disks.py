"""Persistent disks in pods, on real loop devices with real file systems."""

from __future__ import annotations

import asyncio
import struct
import subprocess
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from peapod.common.errors import Violation
from peapod.kubelet.volumes.disks import loop
from peapod.kubelet.volumes.disks.local import LocalDisks
from peapod.kubelet.volumes.empty_dir import EmptyDir
from peapod.kubelet.volumes.mounts import is_mounted, unmount
from peapod.kubelet.volumes.persistent_disk import PersistentDisk
from peapod.kubelet.volumes.remove import remove_empty
from peapod.kubelet.volumes.volume import VolumeError
from peapod.kubelet.volumes.volumes import Volumes
from peapod.v1 import pod_pb2
from tests.support.pods import make_pod
from tests.support.volumes import file_system_of, loop_devices, make_disk


@pytest.fixture
def images(tmp_path: Path) -> Path:
    make_disk(tmp_path / "disks", "data")
    return tmp_path / "disks"


@pytest.fixture
def volumes(root: Path, images: Path) -> Volumes:
    return a_kubelets(root, images)


def a_kubelets(root: Path, images: Path) -> Volumes:
    return Volumes(root, [PersistentDisk(root, LocalDisks(images, root))])


def pod_with(
    uid: str = "uid-1", *, read_only: bool = False, fs_type: str = "ext4", partition: int = 0, volumes: int = 1
) -> pod_pb2.Pod:
    pod = make_pod(uid=uid)
    for number in range(volumes):
        source = pod.spec.volumes.add(name=f"disk-{number}").gce_persistent_disk
        source.pd_name, source.fs_type, source.read_only, source.partition = "data", fs_type, read_only, partition
    return pod


def nothing_left(root: Path, images: Path) -> bool:
    mounts = list((root / "plugins/kubernetes.io~gce-pd/mounts").iterdir())
    return not mounts and not loop_devices(images) and not list(images.glob("*.holders"))


async def test_a_new_disk_is_formatted_and_keeps_its_data_from_pod_to_pod(
    volumes: Volumes, images: Path, root: Path
) -> None:
    place = (await volumes.set_up(pod_with()))["disk-0"]
    assert file_system_of(place) == "ext2/ext3"
    (place / "precious").write_text("x")
    await volumes.tear_down("uid-1")
    assert nothing_left(root, images)
    assert volumes.uids() == set()
    place = (await volumes.set_up(pod_with("uid-2")))["disk-0"]
    assert (place / "precious").read_text() == "x"
    await volumes.tear_down("uid-2")
    assert nothing_left(root, images)


async def test_a_disk_with_another_file_system_is_never_formatted(volumes: Volumes, images: Path) -> None:
    subprocess.run(["mkfs.minix", images / "data.img"], check=True, capture_output=True)  # noqa: ASYNC221
    before = (images / "data.img").read_bytes()
    with pytest.raises(VolumeError, match="wrong fs type"):
        await volumes.set_up(pod_with())
    await volumes.tear_down("uid-1")
    assert (images / "data.img").read_bytes() == before


async def test_a_disk_with_a_partition_table_is_never_formatted(volumes: Volumes, images: Path) -> None:
    partition(images / "data.img")
    before = (images / "data.img").read_bytes()
    with pytest.raises(VolumeError, match="wrong fs type"):
        await volumes.set_up(pod_with())
    await volumes.tear_down("uid-1")
    assert (images / "data.img").read_bytes() == before


async def test_a_reader_does_not_format(volumes: Volumes, images: Path) -> None:
    before = (images / "data.img").read_bytes()
    with pytest.raises(VolumeError):
        await volumes.set_up(pod_with(read_only=True))
    await volumes.tear_down("uid-1")
    assert (images / "data.img").read_bytes() == before


async def test_a_file_system_that_cannot_be_made_is_named(volumes: Volumes) -> None:
    with pytest.raises(VolumeError, match=r"^mkfs\.reiser is not installed on this node$"):
        await volumes.set_up(pod_with(fs_type="reiser"))
    await volumes.tear_down("uid-1")


async def test_a_partition_is_mounted_for_itself(volumes: Volumes, images: Path, root: Path) -> None:
    partition(images / "data.img")
    place = (await volumes.set_up(pod_with(partition=1)))["disk-0"]
    (place / "precious").write_text("x")
    assert is_mounted(root / "plugins/kubernetes.io~gce-pd/mounts/data.part1")
    await volumes.tear_down("uid-1")
    assert nothing_left(root, images)
    assert (images / "data.img").read_bytes()[510:512] == b"\x55\xaa"


async def test_a_partition_that_is_not_there_is_named(volumes: Volumes, images: Path) -> None:
    partition(images / "data.img")
    with pytest.raises(VolumeError, match=r"^disk data has no partition 3$"):
        await volumes.set_up(pod_with(partition=3))
    await volumes.tear_down("uid-1")
    assert not loop_devices(images)


async def test_of_two_writers_the_second_is_refused_until_the_first_is_gone(volumes: Volumes, root: Path) -> None:
    first = (await volumes.set_up(pod_with()))["disk-0"]
    for wish in (False, True):
        with pytest.raises(VolumeError, match=r"^disk data is in use by pod uid-1$"):
            await volumes.set_up(pod_with("uid-2", read_only=wish))
        await volumes.tear_down("uid-2")
    assert is_mounted(first)
    await volumes.tear_down("uid-1")
    await volumes.set_up(pod_with("uid-2"))
    await volumes.tear_down("uid-2")


async def test_a_disk_is_released_before_the_pod_is_forgotten(volumes: Volumes, images: Path, root: Path) -> None:
    pod = pod_with()
    pod.spec.volumes.add(name="scratch").empty_dir.SetInParent()
    both = Volumes(root, [PersistentDisk(root, LocalDisks(images, root)), EmptyDir()])
    scratch = (await both.set_up(pod))["scratch"]
    await both.release("uid-1")
    await both.release("uid-1")
    assert nothing_left(root, images)
    assert scratch.exists()
    await both.set_up(pod_with("uid-2"))
    await both.tear_down("uid-2")
    await both.tear_down("uid-1")


async def test_readers_share_one_disk_which_stays_until_the_last_is_gone(
    volumes: Volumes, images: Path, root: Path
) -> None:
    (((await volumes.set_up(pod_with()))["disk-0"]) / "precious").write_text("x")
    await volumes.tear_down("uid-1")
    places = [(await volumes.set_up(pod_with(uid, read_only=True)))["disk-0"] for uid in ("uid-2", "uid-3")]
    assert [(place / "precious").read_text() for place in places] == ["x", "x"]
    assert len(loop_devices(images)) == 1
    with pytest.raises(OSError, match="Read-only file system"):
        (places[0] / "new").touch()
    with pytest.raises(VolumeError, match="is in use by pod"):
        await volumes.set_up(pod_with("uid-4"))
    await volumes.tear_down("uid-4")
    await volumes.tear_down("uid-2")
    assert (places[1] / "precious").read_text() == "x"
    await volumes.tear_down("uid-3")
    assert nothing_left(root, images)


async def test_two_volumes_of_one_pod_may_be_one_disk(volumes: Volumes, images: Path, root: Path) -> None:
    places = await volumes.set_up(pod_with(volumes=2))
    (places["disk-0"] / "note").write_text("x")
    assert (places["disk-1"] / "note").read_text() == "x"
    await volumes.tear_down("uid-1")
    assert nothing_left(root, images)


async def test_pods_that_come_at_once_are_one_writer(volumes: Volumes, images: Path, root: Path) -> None:
    uids = [f"uid-{number}" for number in range(4)]
    results = await asyncio.gather(*(volumes.set_up(pod_with(uid)) for uid in uids), return_exceptions=True)
    assert sorted(isinstance(result, VolumeError) for result in results) == [False, True, True, True]
    await asyncio.gather(*(volumes.tear_down(uid) for uid in uids))
    assert nothing_left(root, images)


@pytest.mark.parametrize("step", ["attach", "mount_disk", "bind", "done"])
async def test_a_kubelet_that_died_at_any_step_takes_up_or_clears_up(
    volumes: Volumes, images: Path, root: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def die(*_: object, **__: object) -> None:
        raise Killed

    where = {
        "attach": "peapod.kubelet.volumes.disks.local.LocalDisks.attach",
        "mount_disk": "peapod.kubelet.volumes.persistent_disk.mount_disk",
        "bind": "peapod.kubelet.volumes.persistent_disk.mount",
    }
    for takes_up in (False, True):
        with monkeypatch.context() as broken:
            if step in where:
                broken.setattr(where[step], die)
                with pytest.raises(Killed):
                    await volumes.set_up(pod_with())
            else:
                await volumes.set_up(pod_with())
        fresh = a_kubelets(root, images)
        assert fresh.uids() == {"uid-1"}
        if takes_up:
            assert is_mounted((await fresh.set_up(pod_with()))["disk-0"])
        await fresh.tear_down("uid-1")
        assert fresh.uids() == set()
        assert not loop_devices(images)


async def test_after_the_machine_was_restarted_the_disk_comes_back(volumes: Volumes, images: Path, root: Path) -> None:
    place = (await volumes.set_up(pod_with()))["disk-0"]
    (place / "precious").write_text("x")
    shared = root / "plugins/kubernetes.io~gce-pd/mounts/data"
    for mounted in (place, shared):
        await unmount(mounted)
        remove_empty(mounted)
    for device in loop_devices(images):
        loop.detach(device)
    fresh = a_kubelets(root, images)
    assert ((await fresh.set_up(pod_with()))["disk-0"] / "precious").read_text() == "x"
    await fresh.tear_down("uid-1")
    assert nothing_left(root, images)


async def test_a_disk_that_is_in_use_is_neither_unmounted_nor_detached(
    volumes: Volumes, images: Path, root: Path
) -> None:
    place = (await volumes.set_up(pod_with()))["disk-0"]
    with (place / "open").open("w") as file:
        with pytest.raises(VolumeError, match="target is busy"):
            await volumes.tear_down("uid-1")
        file.write("x")
    assert len(loop_devices(images)) == 1
    await volumes.tear_down("uid-1")
    assert nothing_left(root, images)


async def test_a_sandbox_that_started_meanwhile_keeps_no_disk(volumes: Volumes, images: Path, root: Path) -> None:
    await volumes.set_up(pod_with())
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo ready; exec cat"]
    sandbox = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    try:
        assert sandbox.stdout is not None
        assert await sandbox.stdout.readline() == b"ready\n"
        await volumes.tear_down("uid-1")
        assert nothing_left(root, images)
    finally:
        await sandbox.communicate(b"")


async def test_a_node_without_disks_refuses_them_by_name(volumes: Volumes, images: Path, root: Path) -> None:
    without = Volumes(root, [PersistentDisk(root, None)])
    [refusal] = without.refusals(pod_with())
    assert refusal == Violation(
        "spec.volumes[0]", "gce_persistent_disk: this node has no disks: its kubelet was started without --disks"
    )
    await volumes.set_up(pod_with())
    with pytest.raises(VolumeError, match="without --disks"):
        await without.tear_down("uid-1")
    await volumes.tear_down("uid-1")
    assert nothing_left(root, images)


def partition(image: Path) -> None:
    """Write a partition table with one partition, which begins at 1 MiB."""
    first, sectors = 2048, image.stat().st_size // 512 - 2048
    entry = struct.pack("<B3xB3xII", 0, 0x83, first, sectors)
    with image.open("r+b") as file:
        file.seek(446)
        file.write(entry.ljust(64, b"\0") + b"\x55\xaa")
