"""A directory or file of the node, which was there before the pod and stays after it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from peapod.kubelet.volumes.volume import VolumeError
from peapod.v1 import pod_pb2


class HostPath:
    """Lends containers what is on the node; there is nothing to make and nothing to undo."""

    source = "host_path"
    plugin = "kubernetes.io~host-path"
    scarce = False

    def refusal(self, volume: pod_pb2.Volume) -> str:
        """Refuse what is no place on the node."""
        path = volume.host_path.path
        return "" if path.startswith("/") else f'host_path.path "{path}" is not absolute'

    async def set_up(self, pod: pod_pb2.Pod, volume: pod_pb2.Volume, place: Path) -> Path:
        """Look whether it is there; it is never made."""
        path = Path(volume.host_path.path)
        if not await asyncio.to_thread(path.exists):
            raise VolumeError(f"volume {volume.name}: there is no {path} on this node")
        return path

    async def tear_down(self, place: Path) -> None:
        """Leave everything as it is."""
