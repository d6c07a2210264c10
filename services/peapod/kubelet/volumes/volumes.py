"""The volumes of all pods of the node, below `<root>/pods/<uid>/volumes/<plugin>/<name>`.

What is on the disk is the only record, so that a restarted kubelet tears down what it no longer knows of.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from peapod.common.errors import Violation
from peapod.kubelet.runtime.runtime import Mount
from peapod.kubelet.volumes.notes import place_of
from peapod.kubelet.volumes.remove import remove_tree
from peapod.kubelet.volumes.threads import in_thread
from peapod.kubelet.volumes.volume import VolumeError, VolumeKind
from peapod.v1 import pod_pb2

_MODE = 0o750


class Volumes:
    """Sets volumes up, says where containers find them, and tears them down."""

    def __init__(self, root: Path, kinds: Iterable[VolumeKind]) -> None:
        self._pods = root / "pods"
        self._kinds = {kind.source: kind for kind in kinds}
        self._plugins = {kind.plugin: kind for kind in self._kinds.values()}

    def refusals(self, pod: pod_pb2.Pod) -> list[Violation]:
        """Name each volume that this node cannot provide; an empty list is consent."""
        found = []
        for index, volume in enumerate(pod.spec.volumes):
            kind = self._kinds.get(_source(volume))
            problem = kind.refusal(volume) if kind else f"{_source(volume)} volumes are not supported"
            if problem:
                found.append(Violation(f"spec.volumes[{index}]", problem))
        return found

    async def set_up(self, pod: pod_pb2.Pod) -> Mapping[str, Path]:
        """Make the pod's directory and all its volumes, and return where each is by name. Idempotent. Raises
        `VolumeError`. Takes its time: it may wait for other machines, and may be cancelled.
        """
        home = self._home(pod.metadata.uid)
        try:
            home.mkdir(_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise VolumeError(f"cannot make the pod's directory: {error.strerror}: {home}") from error
        return {volume.name: await self._set_up_one(pod, volume, home / "volumes") for volume in pod.spec.volumes}

    async def tear_down(self, uid: str) -> None:
        """Undo all volumes of a pod and remove its directory. Idempotent. Raises `VolumeError`, and leaves what it
        could not undo.
        """
        home = self._home(uid)
        await self._undo(_places(home))
        await in_thread(remove_tree, home)

    async def release(self, uid: str) -> None:
        """Undo those volumes of a pod for which other pods may wait. Idempotent. Raises `VolumeError`."""
        await self._undo([place for place in _places(self._home(uid)) if self._is_scarce(place)])

    def uids(self) -> set[str]:
        """The pods that have a directory."""
        return {path.name for path in self._pods.iterdir()} if self._pods.exists() else set()

    def _home(self, uid: str) -> Path:
        if uid in ("", ".", "..") or "/" in uid:
            raise VolumeError(f"the uid {uid!r} is no name for a directory")
        return self._pods / uid

    async def _set_up_one(self, pod: pod_pb2.Pod, volume: pod_pb2.Volume, volumes: Path) -> Path:
        kind = self._kinds.get(_source(volume))
        if kind is None:
            raise VolumeError(f"volume {volume.name}: {_source(volume)} volumes are not supported")
        return await kind.set_up(pod, volume, volumes / kind.plugin / volume.name)

    async def _undo(self, places: Iterable[Path]) -> None:
        failures = [failure for place in places if (failure := await self._tear_down_one(place))]
        if failures:
            raise failures[0]

    def _is_scarce(self, place: Path) -> bool:
        kind = self._plugins.get(place.parent.name)
        return kind is not None and kind.scarce

    async def _tear_down_one(self, place: Path) -> VolumeError | None:
        """Return what stood in the way: one volume that is busy keeps no other."""
        kind = self._plugins.get(place.parent.name)
        if kind is None:
            return VolumeError(f"nothing knows how to tear down {place}")
        try:
            await kind.tear_down(place)
        except VolumeError as error:
            return error
        return None


def mounts(container: pod_pb2.Container, places: Mapping[str, Path]) -> list[Mount]:
    """Resolve a container's volume mounts; raise `VolumeError` for a volume that the pod does not have."""
    found = []
    for mount in container.volume_mounts:
        if mount.name not in places:
            raise VolumeError(f"container {container.name} mounts volume {mount.name}, which the pod does not have")
        found.append(Mount(str(places[mount.name]), mount.mount_path, mount.read_only))
    return found


def _source(volume: pod_pb2.Volume) -> str:
    return volume.WhichOneof("source") or "empty_dir"


def _places(home: Path) -> list[Path]:
    """Find the volumes of which there is a directory, or a note alone."""
    notes = {place_of(note) for note in _below(home / "plugins")}
    return sorted(notes | set(_below(home / "volumes")))


def _below(directory: Path) -> Iterable[Path]:
    """List what is two levels below, without a look at it: its file system may not answer."""
    for plugin in _names(directory):
        for name in _names(directory / plugin):
            if not name.startswith("."):
                yield directory / plugin / name


def _names(directory: Path) -> list[str]:
    try:
        return os.listdir(directory)  # noqa: PTH208
    except FileNotFoundError:
        return []
    except OSError as error:
        raise VolumeError(f"cannot read {directory}: {error.strerror}") from error
