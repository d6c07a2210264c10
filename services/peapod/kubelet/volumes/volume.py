"""The protocol that every kind of volume speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from peapod.v1 import pod_pb2


class VolumeError(Exception):
    """A volume cannot be set up or torn down now; says why in one sentence."""


class VolumeKind(Protocol):
    """One kind of volume. Methods may block, and are called in threads, one at a time for one pod."""

    @property
    def source(self) -> str:
        """The field of `Volume.source` that asks for this kind, such as "empty_dir"."""
        ...

    @property
    def plugin(self) -> str:
        """The name of the directory that holds a pod's volumes of this kind, such as "kubernetes.io~empty-dir"."""
        ...

    def refusal(self, volume: pod_pb2.Volume) -> str:
        """Say in one clause what of the volume cannot be honoured, with its field; empty is consent."""
        ...

    def set_up(self, volume: pod_pb2.Volume, place: Path) -> Path:
        """Make the volume ready, at `place` if it needs one, and return what containers mount.

        Idempotent: what is there stays, with its content. Raises `VolumeError`.
        """
        ...

    def tear_down(self, place: Path) -> None:
        """Undo what `set_up` did at `place`, but never touch what the user brought. Idempotent. Raises
        `VolumeError`; then it is tried again.
        """
        ...
