"""A directory of an NFS server, mounted by the system's own helper."""

from __future__ import annotations

import re
from pathlib import Path

from peapod.kubelet.volumes.mounts import is_mounted, mount, unmount
from peapod.kubelet.volumes.remove import remove_empty
from peapod.kubelet.volumes.volume import make_directory
from peapod.v1 import pod_pb2

_MODE = 0o750
_SERVER = re.compile(r"[A-Za-z0-9_\[][A-Za-z0-9_.:%\[\]-]*")
_SECONDS = 120
"""How long a server may take to answer."""


class Nfs:
    """Mounts what a file server exports; the content is the server's."""

    source = "nfs"
    plugin = "kubernetes.io~nfs"
    scarce = False

    def refusal(self, volume: pod_pb2.Volume) -> str:
        """Refuse what the mount helper would take for something else."""
        source = volume.nfs
        if not _SERVER.fullmatch(source.server):
            return f'nfs.server "{source.server}" is neither a name nor an address'
        return "" if source.path.startswith("/") else f'nfs.path "{source.path}" is not absolute'

    async def set_up(self, pod: pod_pb2.Pod, volume: pod_pb2.Volume, place: Path) -> Path:
        """Mount it, unless it is mounted."""
        if not is_mounted(place):
            make_directory(place, _MODE)
            source, mode = volume.nfs, "ro" if volume.nfs.read_only else "rw"
            await mount("-t", "nfs", "-o", mode, "--", f"{source.server}:{source.path}", place, seconds=_SECONDS)
        return place

    async def tear_down(self, place: Path) -> None:
        """Unmount it, and delete the mount point alone."""
        await unmount(place)
        remove_empty(place)
