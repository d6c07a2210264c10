"""Which images go when their disk is full."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from peapod.kubelet.runtime.runtime import DiskUse, Image


def is_fuller(disk: DiskUse, percent: float) -> bool:
    """Tell whether a disk is fuller than that."""
    return disk.used * 100 > disk.total * percent


def percent(disk: DiskUse) -> int:
    """How full a disk is, for people."""
    return round(disk.used * 100 / disk.total) if disk.total else 0


def expendable(images: Iterable[Image], needed: Collection[str], used: Mapping[str, float]) -> list[Image]:
    """Pick the images that may go, the least recently used first.

    Spared are those whose id is needed, those that the runtime itself needs, and those without a time of use: they
    have just appeared, and whoever brought them has a use for them in mind.
    """
    idle = [one for one in images if one.id in used and one.id not in needed and not one.pinned]
    return sorted(idle, key=lambda one: (used[one.id], one.id))
