"""Image files on real loop devices: one writer or any number of readers, also among the kubelets of a machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from peapod.kubelet.volumes.disks.filesystem import is_busy
from peapod.kubelet.volumes.disks.local import LocalDisks
from peapod.kubelet.volumes.disks.provider import DiskError
from peapod.kubelet.volumes.mounts import mount, unmount
from peapod.kubelet.volumes.remove import remove_empty
from tests.support.volumes import loop_devices, make_disk


@pytest.fixture
def images(tmp_path: Path, root: Path) -> Path:
    make_disk(tmp_path / "disks", "data")
    return tmp_path / "disks"


@pytest.fixture
def disks(images: Path, root: Path) -> LocalDisks:
    return LocalDisks(images, root)


@pytest.fixture
def others(images: Path, tmp_path: Path) -> LocalDisks:
    """Those of another kubelet on this machine."""
    return LocalDisks(images, tmp_path / "other")


def read_only(device: Path) -> bool:
    return Path("/sys/block", device.name, "ro").read_text().strip() == "1"


async def test_a_disk_is_attached_once_and_found_again_by_a_restarted_kubelet(
    disks: LocalDisks, images: Path, root: Path
) -> None:
    device = await disks.attach("data", read_only=False)
    assert loop_devices(images) == [str(device)]
    assert not read_only(device)
    assert await LocalDisks(images, root).attach("data", read_only=False) == device
    await LocalDisks(images, root).detach("data")
    await disks.detach("data")
    assert loop_devices(images) == []


async def test_there_is_no_disk_without_an_image(disks: LocalDisks) -> None:
    with pytest.raises(DiskError, match=r"^there is no disk absent: "):
        await disks.attach("absent", read_only=False)
    await disks.detach("absent")


async def test_a_writer_keeps_everybody_else_out_until_it_leaves(disks: LocalDisks, others: LocalDisks) -> None:
    await disks.attach("data", read_only=False)
    for wish in (False, True):
        with pytest.raises(DiskError, match=r"^disk data is in use by another kubelet of this machine, at "):
            await others.attach("data", read_only=wish)
    await others.detach("data")
    await disks.detach("data")
    await others.attach("data", read_only=False)
    await others.detach("data")


async def test_readers_share_and_keep_writers_out(disks: LocalDisks, others: LocalDisks, images: Path) -> None:
    mine, theirs = await disks.attach("data", read_only=True), await others.attach("data", read_only=True)
    assert mine != theirs
    assert read_only(mine)
    assert read_only(theirs)
    with pytest.raises(DiskError, match="is in use by another kubelet"):
        await disks.attach("data", read_only=False)
    await others.detach("data")
    assert loop_devices(images) == [str(mine)]
    assert not read_only(await disks.attach("data", read_only=False))
    await disks.detach("data")


async def test_a_disk_that_no_kubelet_attached_is_left_alone(disks: LocalDisks, images: Path) -> None:
    command = ["losetup", "--find", "--show", str(images / "data.img")]
    device = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: ASYNC221
    with pytest.raises(DiskError, match=f"^disk data is in use: no kubelet has attached {device}$"):
        await disks.attach("data", read_only=True)
    await disks.detach("data")
    assert loop_devices(images) == [device]
    subprocess.run(["losetup", "--detach", device], check=True)  # noqa: ASYNC221


async def test_a_disk_that_is_still_mounted_stays_its_kubelets(
    disks: LocalDisks, others: LocalDisks, images: Path, tmp_path: Path
) -> None:
    device = await disks.attach("data", read_only=False)
    subprocess.run(["mkfs.ext4", "-q", device], check=True)  # noqa: ASYNC221
    (tmp_path / "mnt").mkdir()
    assert not is_busy(device)
    await mount(device, tmp_path / "mnt")
    assert is_busy(device)
    with pytest.raises(DiskError, match=f"^disk data is still in use: {device} is mounted somewhere$"):
        await disks.detach("data")
    with pytest.raises(DiskError, match="is in use by another kubelet"):
        await others.attach("data", read_only=True)
    await unmount(tmp_path / "mnt")
    # Whoever starts a container just now has a copy of each mount, for a moment.
    remove_empty(tmp_path / "mnt")
    await disks.detach("data")
    assert loop_devices(images) == []


DIES = """
import asyncio, os, sys
from pathlib import Path
from peapod.kubelet.volumes.disks import loop
from peapod.kubelet.volumes.disks.gce import is_busy
from peapod.kubelet.volumes.disks.local import LocalDisks
attach = loop.attach
def die(*arguments, **options):
    attach(*arguments, **options)
    os.kill(os.getpid(), 9)
loop.attach = die
asyncio.run(LocalDisks(Path(sys.argv[1]), Path(sys.argv[2])).attach("data", read_only=False))
"""


async def test_what_a_kubelet_died_over_is_undone_by_whoever_comes_next(
    disks: LocalDisks, others: LocalDisks, images: Path, root: Path
) -> None:
    for next_one in (disks, others):
        command = [sys.executable, "-c", DIES, str(images), str(root)]
        assert subprocess.run(command, check=False).returncode == -9  # noqa: ASYNC221
        assert len(loop_devices(images)) == 1
        device = await next_one.attach("data", read_only=True)
        assert loop_devices(images) == [str(device)]
        await next_one.detach("data")
        assert loop_devices(images) == []


async def test_what_was_attached_before_the_machine_started_counts_no_more(
    disks: LocalDisks, others: LocalDisks, images: Path
) -> None:
    await others.attach("data", read_only=False)
    record = images / "data.holders"
    held = json.loads(record.read_text())
    await others.detach("data")
    assert not record.exists()
    (holder,) = held.values()
    record.write_text(json.dumps({"/gone": {**holder, "boot": "another"}, "/detached": holder}))
    device = await disks.attach("data", read_only=False)
    assert loop_devices(images) == [str(device)]
    await disks.detach("data")


async def test_records_that_cannot_be_read_let_nobody_in(disks: LocalDisks, images: Path) -> None:
    (images / "data.holders").write_text("{")
    with pytest.raises(DiskError, match=r"^cannot tell who has disk data: "):
        await disks.attach("data", read_only=True)


async def test_an_image_that_is_deleted_meanwhile_is_let_go_of(disks: LocalDisks, images: Path) -> None:
    await disks.attach("data", read_only=False)
    (images / "data.img").unlink()
    await disks.detach("data")
    assert loop_devices(images) == []


async def test_a_directory_that_is_not_there_is_said(tmp_path: Path, root: Path) -> None:
    disks = LocalDisks(tmp_path / "absent", root)
    with pytest.raises(DiskError, match="there is no disk data"):
        await disks.attach("data", read_only=False)
    assert not os.path.lexists(tmp_path / "absent")  # noqa: ASYNC240
