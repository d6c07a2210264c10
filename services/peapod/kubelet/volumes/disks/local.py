"""Disks that are image files of this machine, `<directory>/<name>.img`, attached as loop devices.

Who has attached a disk is written beside it, in `<name>.holders`, for all kubelets of the machine to read, and counts
as long as the loop device is there: that outlives a kubelet, as its pods do, and ends with the machine.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from peapod.kubelet.volumes.disks import loop
from peapod.kubelet.volumes.disks.provider import DiskError
from peapod.kubelet.volumes.threads import in_thread
from peapod.kubelet.volumes.tools import run

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Holder:
    """One kubelet that has attached a disk."""

    read_only: bool
    device: str
    """Empty as long as it is being attached."""
    boot: str
    """Of the machine; loop devices end with it."""


Holders = dict[str, Holder]
"""By the kubelets' own directories."""


class LocalDisks:
    """Attaches image files for the kubelet whose own directory is `root`."""

    def __init__(self, directory: Path, root: Path) -> None:
        self._directory = directory
        self._me = str(root.absolute())

    async def attach(self, name: str, *, read_only: bool) -> Path:
        """See `DiskProvider`."""
        return await in_thread(self._attach, name, read_only)

    async def detach(self, name: str) -> None:
        """See `DiskProvider`."""
        await in_thread(self._detach, name)

    async def partition(self, name: str, device: Path, number: int) -> Path:
        """See `DiskProvider`."""
        found = device.with_name(f"{device.name}p{number}")
        if not os.path.lexists(found):  # noqa: ASYNC240
            # Some kernels do not read partition tables by themselves.
            await run("partx", "--add", "--nr", str(number), device)
        if not os.path.lexists(found):  # noqa: ASYNC240
            raise DiskError(f"disk {name} has no partition {number}")
        return found

    def _attach(self, name: str, read_only: bool) -> Path:
        image = self._image(name)
        if not image.is_file():
            raise DiskError(f"there is no disk {name}: {image} is not there")
        with self._alone(name) as lock:
            others = self._holders(name)
            mine = others.pop(self._me, None)
            if conflict := _conflict(others, read_only):
                raise DiskError(f"disk {name} is in use by another kubelet of this machine, at {conflict}")
            if mine and mine.read_only == read_only:
                return Path(mine.device)
            if mine:
                self._let_go(name, mine)
            if strange := loop.devices_on(image) - {holder.device for holder in others.values()}:
                raise DiskError(f"disk {name} is in use: no kubelet has attached {min(strange)}")
            return self._take(name, read_only, others, lock)

    def _take(self, name: str, read_only: bool, others: Holders, lock: int) -> Path:
        boot = _BOOT.read_text().strip()
        self._write(name, {**others, self._me: Holder(read_only, "", boot)})
        device = loop.attach(self._image(name), read_only=read_only, keep=lock)
        self._write(name, {**others, self._me: Holder(read_only, device, boot)})
        return Path(device)

    def _detach(self, name: str) -> None:
        if not self._record(name).exists():
            return
        with self._alone(name):
            holders = self._holders(name)
            if mine := holders.pop(self._me, None):
                self._let_go(name, mine)
            self._write(name, holders)

    def _let_go(self, name: str, mine: Holder) -> None:
        loop.detach(mine.device)
        if mine.device in loop.devices_on(self._image(name)):
            raise DiskError(f"disk {name} is still in use: {mine.device} is mounted somewhere")

    def _holders(self, name: str) -> Holders:
        """Read who has the disk. What was attached before the machine started, or is detached by now, counts no more.

        Nobody is attaching while the records are locked, so what looks like it was cut short, and is undone.
        """
        try:
            written = json.loads(self._record(name).read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise DiskError(f"cannot tell who has disk {name}: {self._record(name)}: {error}") from error
        boot, devices = _BOOT.read_text().strip(), loop.devices_on(self._image(name))
        holders = {root: one for root, fields in written.items() if (one := Holder(**fields)).boot == boot}
        if any(not one.device for one in holders.values()):
            for device in devices - {one.device for one in holders.values()}:
                loop.detach(device)
        return {root: one for root, one in holders.items() if one.device in devices}

    def _write(self, name: str, holders: Holders) -> None:
        record = self._record(name)
        if not holders:
            record.unlink(missing_ok=True)
            return
        draft = record.with_suffix(".new")
        with draft.open("w") as file:
            json.dump({root: asdict(holder) for root, holder in holders.items()}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(record)

    @contextmanager
    def _alone(self, name: str) -> Iterator[int]:
        """Keep the other kubelets of this machine from the disks meanwhile."""
        try:
            lock = os.open(self._directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield lock
            finally:
                os.close(lock)
        except OSError as error:
            raise DiskError(f"disk {name}: {error.strerror}: {error.filename or self._directory}") from error

    def _image(self, name: str) -> Path:
        return self._directory / f"{name}.img"

    def _record(self, name: str) -> Path:
        return self._directory / f"{name}.holders"


def _conflict(others: Holders, read_only: bool) -> str:
    """Name a kubelet that keeps this one from the disk: one writer, or any number of readers."""
    return next((root for root, one in sorted(others.items()) if not (read_only and one.read_only)), "")
