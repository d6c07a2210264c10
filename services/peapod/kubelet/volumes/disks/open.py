"""Picks the provider of disks that the kubelet is told of."""

from __future__ import annotations

from pathlib import Path

from peapod.kubelet.volumes.disks.gce import GceDisks
from peapod.kubelet.volumes.disks.local import LocalDisks
from peapod.kubelet.volumes.disks.provider import DiskProvider

FORMS = "local:DIRECTORY or gce:PROJECT/ZONE[/INSTANCE]"


def open_disks(text: str, node_name: str, root: Path) -> DiskProvider | None:
    """Read where disks come from; empty: None. Raises ValueError for what is neither of the forms.

    `root` is the kubelet's own directory, which tells it from other kubelets of this machine.
    """
    kind, _, rest = text.partition(":")
    if not text:
        return None
    if kind == "local" and rest.startswith("/"):
        return LocalDisks(Path(rest), root)
    parts = rest.split("/")
    if kind == "gce" and len(parts) in (2, 3) and all(parts):
        project, zone, instance = (*parts, node_name)[:3]
        return GceDisks(project, zone, instance)
    raise ValueError(f"{text!r} is not of the form {FORMS}")
