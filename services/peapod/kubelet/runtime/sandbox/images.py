"""The images of a node without a registry: the node itself, and archives that were imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from peapod.kubelet.runtime.runtime import ImageError
from peapod.v1 import pod_pb2

HOST = "host"
"""The image that is the node's own root file system, read-only."""


@dataclass(frozen=True, slots=True)
class Image:
    """An unpacked image and what it says of itself."""

    id: str
    rootfs: Path | None
    """None for the node's own root."""
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = ""


class Images:
    """Finds images by name."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def ensure(self, name: str, policy: pod_pb2.PullPolicy) -> Image:
        """Return a present image."""
        if name in (HOST, HOST + ":latest"):
            return Image(HOST, None)
        reason = "ErrImageNeverPull" if policy == pod_pb2.PULL_POLICY_NEVER else "ErrImagePull"
        raise ImageError(reason, f"{name} is not here, and the sandbox runtime cannot pull")
