"""The protocol that every kind of volume speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from peapod.v1 import pod_pb2


class VolumeError(Exception):
    """A volume cannot be set up or torn down now; says why in one sentence."""


class VolumeKind(Protocol):
    """One kind of volume. Methods are called for one volume one at a time, for volumes of several pods at once.

    All of them can be cut short at any await, by cancellation or by the kubelet's death, and are called again then.
    """

    @property
    def source(self) -> str:
        """The field of `Volume.source` that asks for this kind, such as "empty_dir"."""
        ...

    @property
    def plugin(self) -> str:
        """The name of the directory that holds a pod's volumes of this kind, such as "kubernetes.io~empty-dir"."""
        ...

    @property
    def scarce(self) -> bool:
        """Whether pods elsewhere may wait for what a volume holds, so that it is torn down once its pod is over."""
        ...

    def refusal(self, volume: pod_pb2.Volume) -> str:
        """Say in one clause what of the volume cannot be honoured, with its field; empty is consent."""
        ...

    async def set_up(self, pod: pod_pb2.Pod, volume: pod_pb2.Volume, place: Path) -> Path:
        """Make the volume ready, at `place` if it needs one, and return what containers mount.

        Idempotent: what is there stays, with its content. Raises `VolumeError`.
        """
        ...

    async def tear_down(self, place: Path) -> None:
        """Undo what `set_up` did at `place`, whatever part of it was done, but never touch what the user brought.
        Nothing is known of the volume but its place. Idempotent. Raises `VolumeError`; then it is tried again.
        """
        ...


def make_directory(place: Path, mode: int) -> None:
    """Make a directory with those above it, and give it this mode whatever the umask; raise `VolumeError`."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(mode)
    except OSError as error:
        raise VolumeError(f"cannot make {place}: {error.strerror}") from error
