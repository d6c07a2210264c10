"""What is mounted where, as the kernel says, and the system's own commands to change it.

Nothing here touches what is mounted: a file server that is away must not keep anyone from asking.
"""

from __future__ import annotations

from pathlib import Path

from peapod.kubelet.volumes.tools import run

_TABLE = Path("/proc/self/mountinfo")


def is_mounted(place: Path) -> bool:
    """Tell whether anything is mounted at exactly this place."""
    return _canonical(place) in _points()


def mounted_below(path: Path) -> list[Path]:
    """Find what is mounted at a path or below it."""
    target = _canonical(path)
    return [point for point in _points() if point == target or target in point.parents]


async def mount(*arguments: str | Path, seconds: float = 60) -> None:
    """Call the system's mount. Raises `VolumeError` with its words."""
    await run("mount", *arguments, seconds=seconds)


async def unmount(place: Path) -> None:
    """Undo all mounts at exactly this place; none: nothing. Raises `VolumeError` when it is busy, and is never lazy:
    a file system that is still written to must not look as if it were gone.
    """
    while is_mounted(place):
        await run("umount", "--no-canonicalize", "--", _canonical(place))


def _canonical(path: Path) -> Path:
    return path.parent.resolve() / path.name


def _points() -> list[Path]:
    return [_point(line) for line in _TABLE.read_text().splitlines()]


def _point(line: str) -> Path:
    """Read one line of mountinfo, where blanks and the like are written as octal numbers."""
    return Path(line.split(" ")[4].encode().decode("unicode_escape").encode("latin-1").decode(errors="surrogateescape"))
