"""A directory that is empty when the pod comes and goes with it."""

from __future__ import annotations

from pathlib import Path

from peapod.kubelet.volumes.mounts import is_mounted, mount, unmount
from peapod.kubelet.volumes.remove import remove_tree
from peapod.kubelet.volumes.threads import in_thread
from peapod.kubelet.volumes.volume import make_directory
from peapod.v1 import pod_pb2

MEMORY = "Memory"
_MODE = 0o777
"""Every user of the pod's containers may write."""


class EmptyDir:
    """Keeps empty_dir volumes on the node's disk, or in its memory."""

    source = "empty_dir"
    plugin = "kubernetes.io~empty-dir"
    scarce = False

    def refusal(self, volume: pod_pb2.Volume) -> str:
        """Refuse any other medium."""
        medium = volume.empty_dir.medium
        return "" if medium in ("", MEMORY) else f'empty_dir.medium "{medium}" is not supported'

    async def set_up(self, pod: pod_pb2.Pod, volume: pod_pb2.Volume, place: Path) -> Path:
        """Make the directory."""
        if volume.empty_dir.medium == MEMORY:
            await mount_tmpfs(place, _MODE)
        else:
            make_directory(place, _MODE)
        return place

    async def tear_down(self, place: Path) -> None:
        """Delete the directory with its content."""
        await unmount(place)
        await in_thread(remove_tree, place)


async def mount_tmpfs(place: Path, mode: int) -> None:
    """Have a directory in memory at a place; one that is there stays. Raises `VolumeError` where it is not allowed."""
    if not is_mounted(place):
        make_directory(place, mode)
        await mount("-t", "tmpfs", "-o", f"mode={mode:o},nosuid,nodev", "--", "tmpfs", place)
