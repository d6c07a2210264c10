"""The volumes of all pods of the node, below `<root>/pods/<uid>/volumes/<plugin>/<name>`.

What is on the disk is the only record, so that a restarted kubelet tears down what it no longer knows of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from peapod.common.errors import Violation
from peapod.kubelet.runtime.runtime import Mount
from peapod.kubelet.volumes.remove import remove_tree
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
        `VolumeError`.
        """
        return await asyncio.to_thread(self._set_up, pod)

    async def tear_down(self, uid: str) -> None:
        """Undo all volumes of a pod and remove its directory. Idempotent. Raises `VolumeError`, and leaves what it
        could not undo.
        """
        await asyncio.to_thread(self._tear_down, uid)

    def uids(self) -> set[str]:
        """The pods that have a directory."""
        return {path.name for path in self._pods.iterdir()} if self._pods.exists() else set()

    def _set_up(self, pod: pod_pb2.Pod) -> Mapping[str, Path]:
        home = self._pods / pod.metadata.uid
        try:
            home.mkdir(_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise VolumeError(f"cannot make the pod's directory: {error.strerror}: {home}") from error
        return {volume.name: self._set_up_one(volume, home / "volumes") for volume in pod.spec.volumes}

    def _set_up_one(self, volume: pod_pb2.Volume, volumes: Path) -> Path:
        kind = self._kinds.get(_source(volume))
        if kind is None:
            raise VolumeError(f"volume {volume.name}: {_source(volume)} volumes are not supported")
        return kind.set_up(volume, volumes / kind.plugin / volume.name)

    def _tear_down(self, uid: str) -> None:
        home = self._pods / uid
        for place in sorted(home.glob("volumes/*/*")):
            kind = self._plugins.get(place.parent.name)
            if kind is None:
                raise VolumeError(f"nothing knows how to tear down {place}")
            kind.tear_down(place)
        remove_tree(home)


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
