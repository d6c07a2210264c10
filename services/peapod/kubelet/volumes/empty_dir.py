"""A directory that is empty when the pod comes and goes with it."""

from __future__ import annotations

from pathlib import Path

from peapod.kubelet.volumes.remove import remove_tree
from peapod.kubelet.volumes.volume import VolumeError
from peapod.v1 import pod_pb2


class EmptyDir:
    """Keeps empty_dir volumes on the node's disk."""

    source = "empty_dir"
    plugin = "kubernetes.io~empty-dir"

    def refusal(self, volume: pod_pb2.Volume) -> str:
        """Refuse any medium but the disk."""
        medium = volume.empty_dir.medium
        return f'empty_dir.medium "{medium}" is not supported' if medium else ""

    def set_up(self, volume: pod_pb2.Volume, place: Path) -> Path:
        """Make the directory, for every user of the pod's containers to write to."""
        try:
            place.mkdir(parents=True, exist_ok=True)
            place.chmod(0o777)
        except OSError as error:
            raise VolumeError(f"cannot make volume {volume.name}: {error.strerror}: {place}") from error
        return place

    def tear_down(self, place: Path) -> None:
        """Delete the directory with its content."""
        remove_tree(place)
