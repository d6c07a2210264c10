"""The protocol that every provider of disks speaks: it brings a named disk to this node, and lets go of it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from peapod.kubelet.volumes.volume import VolumeError


class DiskError(VolumeError):
    """A disk cannot be had or let go of now; says why in one sentence, with the disk's name."""


class DiskProvider(Protocol):
    """Attaches disks to one node. Calls are made for one disk one at a time.

    What is attached stays so when the kubelet ends, and is told from what others have attached when it is back.
    """

    async def attach(self, name: str, *, read_only: bool) -> Path:
        """Attach a disk to this node, and return its device.

        Idempotent. One that this node has in the other mode is attached anew: the caller makes sure that it does not
        use it. Raises `DiskError`, above all when there is no such disk, and when another node has it, unless both
        only read.
        """
        ...

    async def detach(self, name: str) -> None:
        """Let go of a disk, which nothing here uses any more; one that is not attached: nothing. Raises `DiskError`."""
        ...

    async def partition(self, name: str, device: Path, number: int) -> Path:
        """Return the device of a partition of a disk that is attached as `device`. Raises `DiskError`."""
        ...
