"""Disks of Google Compute Engine, by Google's own client library."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from peapod.kubelet.inotify import DirectoryEvents
from peapod.kubelet.volumes.disks.filesystem import is_busy
from peapod.kubelet.volumes.disks.provider import DiskError
from peapod.kubelet.volumes.threads import in_thread

if TYPE_CHECKING:
    from google.cloud import compute_v1

_BY_ID = Path("/dev/disk/by-id")
_CALL_SECONDS = 30.0
_WAIT_SECONDS = 10.0
"""How long one question whether an operation is done may wait for the answer."""
_PAUSE_SECONDS = 1.0
"""Between two such questions, when the first was answered at once."""
_OPERATION_SECONDS = 180.0
_DEVICE_SECONDS = 60.0

T = TypeVar("T")


class Clients(NamedTuple):
    """The two parts of Google's API that are needed. Their calls block."""

    instances: compute_v1.InstancesClient
    operations: compute_v1.ZoneOperationsClient


def connect() -> Clients:
    """Reach Google with the credentials that the environment or the machine has."""
    from google.cloud import compute_v1

    return Clients(compute_v1.InstancesClient(), compute_v1.ZoneOperationsClient())


@dataclass(frozen=True, slots=True)
class Attached:
    """A disk as the instance has it."""

    device_name: str
    read_only: bool


class GceDisks:
    """Attaches disks of a zone to the instance on which the kubelet runs. Raises ValueError without the library."""

    def __init__(
        self,
        project: str,
        zone: str,
        instance: str,
        *,
        by_id: Path = _BY_ID,
        connect: Callable[[], Clients] = connect,
    ) -> None:
        if importlib.util.find_spec("google") is None or importlib.util.find_spec("google.cloud.compute_v1") is None:
            raise ValueError("disks of GCE need google-cloud-compute: install peapod[gce]")
        self._zone = {"project": project, "zone": zone}
        self._where = {**self._zone, "instance": instance}
        self._by_id = by_id
        self._connect = connect
        self._clients: Clients | None = None

    async def attach(self, name: str, *, read_only: bool) -> Path:
        """See `DiskProvider`."""
        await self._settle(name)
        attached = await self._attached(name)
        if attached is not None and attached.read_only != read_only:
            await self.detach(name)
            attached = None
        if attached is None:
            await self._finish(
                name, await self._call(name, lambda clients: self._ask_to_attach(clients, name, read_only))
            )
            attached = Attached(name, read_only)
        device = self._device(attached)
        await self._appears(name, device)
        return device

    async def detach(self, name: str) -> None:
        """See `DiskProvider`."""
        await self._settle(name)
        attached = await self._attached(name)
        if attached is None:
            return
        if await asyncio.to_thread(is_busy, self._device(attached)):
            raise DiskError(f"disk {name} is still in use: {self._device(attached)} is mounted somewhere")
        operation = await self._call(
            name,
            lambda clients: clients.instances.detach_disk_unary(
                {**self._where, "device_name": attached.device_name}, timeout=_CALL_SECONDS
            ),
        )
        await self._finish(name, operation)

    async def partition(self, name: str, device: Path, number: int) -> Path:
        """See `DiskProvider`."""
        found = device.with_name(f"{device.name}-part{number}")
        await self._appears(name, found)
        return found

    async def _attached(self, name: str) -> Attached | None:
        """Ask whether the instance has the disk."""
        instance = await self._call(name, lambda clients: clients.instances.get(self._where, timeout=_CALL_SECONDS))
        for disk in instance.disks:
            if disk.source.rpartition("/")[2] == name:
                if disk.boot:
                    raise DiskError(f"disk {name} is the one that {self._where['instance']} starts from")
                return Attached(disk.device_name, disk.mode == "READ_ONLY")
        return None

    def _ask_to_attach(self, clients: Clients, name: str, read_only: bool) -> compute_v1.Operation:
        from google.cloud import compute_v1

        disk = compute_v1.AttachedDisk(
            source="projects/{project}/zones/{zone}/disks/".format(**self._zone) + name,
            device_name=name,
            mode="READ_ONLY" if read_only else "READ_WRITE",
        )
        return clients.instances.attach_disk_unary(
            {**self._where, "attached_disk_resource": disk}, timeout=_CALL_SECONDS
        )

    async def _settle(self, name: str) -> None:
        """Wait for what the instance was told to attach or detach before, by whoever no longer waits for it."""
        request = {**self._zone, "filter": 'status != "DONE"'}
        running = await self._call(name, lambda clients: list(clients.operations.list(request, timeout=_CALL_SECONDS)))
        for operation in running:
            if operation.target_link.endswith(f"/instances/{self._where['instance']}"):
                await self._done(name, operation)

    async def _finish(self, name: str, operation: compute_v1.Operation) -> None:
        for error in (await self._done(name, operation)).error.errors:
            raise DiskError(f"disk {name}: {error.message or error.code}")

    async def _done(self, name: str, operation: compute_v1.Operation) -> compute_v1.Operation:
        """Wait until an operation is done. One that takes too long goes on, and is found done by a later try."""
        deadline = time.monotonic() + _OPERATION_SECONDS
        while operation.status.name != "DONE":
            asked = time.monotonic()
            if asked > deadline:
                raise DiskError(f"disk {name}: Google has not finished in {_OPERATION_SECONDS:g} s")
            operation = await self._progress(name, operation)
            if time.monotonic() - asked < _PAUSE_SECONDS and operation.status.name != "DONE":
                await asyncio.sleep(_PAUSE_SECONDS)
        return operation

    async def _progress(self, name: str, operation: compute_v1.Operation) -> compute_v1.Operation:
        return await self._call(name, lambda clients: self._wait(clients, operation))

    def _wait(self, clients: Clients, operation: compute_v1.Operation) -> compute_v1.Operation:
        from requests import Timeout

        try:
            request = {**self._zone, "operation": operation.name}
            return clients.operations.wait(request, retry=None, timeout=_WAIT_SECONDS)
        except Timeout:
            return operation

    async def _call(self, name: str, ask: Callable[[Clients], T]) -> T:
        return await in_thread(self._ask, name, ask)

    def _ask(self, name: str, ask: Callable[[Clients], T]) -> T:
        with _said(name):
            self._clients = self._clients or self._connect()
            return ask(self._clients)

    def _device(self, attached: Attached) -> Path:
        return self._by_id / f"google-{attached.device_name}"

    async def _appears(self, name: str, device: Path) -> None:
        """Wait for the device, which the machine names some time after Google has attached the disk."""
        events = DirectoryEvents()
        try:
            async with asyncio.timeout(_DEVICE_SECONDS):
                with events.of(device.parent) as changed:
                    while not os.path.lexists(device):  # noqa: ASYNC240
                        await changed.wait()
                        changed.clear()
        except (TimeoutError, OSError):
            raise DiskError(f"disk {name} is attached, but there is no {device}") from None
        finally:
            events.close()


@contextmanager
def _said(name: str) -> Iterator[None]:
    """Turn all that Google's library raises into one sentence."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from requests import RequestException

    try:
        yield
    except (GoogleAPIError, GoogleAuthError, RequestException) as error:
        raise DiskError(f"disk {name}: {getattr(error, 'message', '') or error}") from error
