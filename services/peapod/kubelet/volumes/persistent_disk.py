"""A disk that outlives the pod: attached to the node, mounted there once, and lent to each pod that wants it.

Each volume has a note that says which disk it uses, written before anything is done with the disk and taken away
after everything is undone, so that the notes tell when the last user is gone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from peapod.common.names import dns_label_problem
from peapod.kubelet.volumes import notes
from peapod.kubelet.volumes.disks.filesystem import mount_disk, type_problem
from peapod.kubelet.volumes.disks.provider import DiskProvider
from peapod.kubelet.volumes.mounts import is_mounted, mount, unmount
from peapod.kubelet.volumes.remove import remove_empty
from peapod.kubelet.volumes.volume import VolumeError, make_directory
from peapod.v1 import pod_pb2

_MODE = 0o750
_MOST_PARTITION = 255
_NO_DISKS = "this node has no disks: its kubelet was started without --disks"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one volume uses of which disk."""

    pd_name: str
    partition: int
    read_only: bool

    @classmethod
    def of(cls, source: pod_pb2.GCEPersistentDiskVolumeSource) -> Claim:
        """Read what a pod asks for."""
        return cls(source.pd_name, source.partition, source.read_only)

    @property
    def mount_point(self) -> str:
        """The name of the directory at which the node mounts it."""
        return f"{self.pd_name}.part{self.partition}" if self.partition else self.pd_name


class PersistentDisk:
    """Brings disks of a provider to pods; without a provider there are none. `root` is the kubelet's directory."""

    source = "gce_persistent_disk"
    plugin = "kubernetes.io~gce-pd"
    scarce = True

    def __init__(self, root: Path, disks: DiskProvider | None) -> None:
        self._pods = root / "pods"
        self._mounts = root / "plugins" / self.plugin / "mounts"
        self._disks = disks
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def refusal(self, volume: pod_pb2.Volume) -> str:
        """Refuse names that cannot be, and all disks on a node that has none."""
        source = volume.gce_persistent_disk
        if problem := dns_label_problem(source.pd_name):
            return f'gce_persistent_disk.pd_name "{source.pd_name}": {problem}'
        if problem := type_problem(source.fs_type):
            return f"gce_persistent_disk.fs_type {problem}"
        if not 0 <= source.partition <= _MOST_PARTITION:
            return f"gce_persistent_disk.partition {source.partition} is not from 0 to {_MOST_PARTITION}"
        return "" if self._disks else f"gce_persistent_disk: {_NO_DISKS}"

    async def set_up(self, pod: pod_pb2.Pod, volume: pod_pb2.Volume, place: Path) -> Path:
        """Attach the disk, format it if there is nothing on it, mount it on the node, and bind it into the pod.

        Of one disk there is one writer, or any number of readers: whoever comes too late gets `VolumeError`.
        """
        source, note = volume.gce_persistent_disk, notes.note_of(place)
        claim = Claim.of(source)
        async with self._lock(claim.pd_name):
            if is_mounted(place):
                return place
            sharing = self._sharing(claim, note)
            if user := _conflict(claim, note, sharing):
                raise VolumeError(f"disk {claim.pd_name} is in use by pod {user}")
            make_directory(place, _MODE)
            await notes.write(note, json.dumps(asdict(claim)))
            await self._mount(claim, source.fs_type, sharing)
            await mount("--bind", "--", self._mounts / claim.mount_point, place)
        return place

    async def tear_down(self, place: Path) -> None:
        """Unbind the disk; after its last user unmount it from the node and detach it. Nothing on it is touched."""
        note = notes.note_of(place)
        claim = _read(note)
        if claim is None:
            await unmount(place)
            remove_empty(place)
            return
        async with self._lock(claim.pd_name):
            await unmount(place)
            remove_empty(place)
            sharing = self._sharing(claim, note)
            if not any(other.partition == claim.partition for other in sharing.values()):
                await unmount(self._mounts / claim.mount_point)
                remove_empty(self._mounts / claim.mount_point)
            if not sharing:
                await self._provider().detach(claim.pd_name)
            await notes.forget(note)

    async def _mount(self, claim: Claim, fs_type: str, sharing: dict[Path, Claim]) -> None:
        """Have the disk mounted on the node, as this claim wants it."""
        disks, place = self._provider(), self._mounts / claim.mount_point
        if not any(other.partition == claim.partition for other in sharing.values()):
            # What was mounted by a set-up that was cut short may be mounted for another use.
            await unmount(place)
        device = await disks.attach(claim.pd_name, read_only=claim.read_only)
        if claim.partition:
            device = await disks.partition(claim.pd_name, device, claim.partition)
        await mount_disk(device, place, fs_type, read_only=claim.read_only)

    def _sharing(self, claim: Claim, note: Path) -> dict[Path, Claim]:
        """Find the other volumes of this node that use the same disk, by their notes."""
        claims = {other: _read(other) for other in self._notes() if other != note}
        return {other: one for other, one in claims.items() if one is not None and one.pd_name == claim.pd_name}

    def _notes(self) -> Iterator[Path]:
        return self._pods.glob(f"*/plugins/{self.plugin}/[!.]*")

    def _provider(self) -> DiskProvider:
        if self._disks is None:
            raise VolumeError(_NO_DISKS)
        return self._disks

    def _lock(self, pd_name: str) -> asyncio.Lock:
        lock = self._locks.get(pd_name)
        if lock is None:
            lock = self._locks[pd_name] = asyncio.Lock()
        return lock


def _conflict(claim: Claim, note: Path, sharing: dict[Path, Claim]) -> str:
    """Name a pod that keeps this one from the disk; inside of a pod all volumes of one disk are alike."""
    for other, one in sharing.items():
        same_pod = other.parents[2] == note.parents[2]
        if claim.read_only != one.read_only or not (claim.read_only or same_pod):
            return other.parents[2].name
    return ""


def _read(note: Path) -> Claim | None:
    text = notes.read(note)
    return None if text is None else Claim(**json.loads(text))
