"""The directories of a node's containers, and what is read from them."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from peapod.kubelet.naming import ContainerName
from peapod.kubelet.runtime.runtime import Observed, Phase
from peapod.kubelet.runtime.sandbox import processes, record, trees
from peapod.kubelet.runtime.sandbox.view import LAYER, SCRATCH, TMP, VAR_TMP

_ABOUT = "container.json"
_KEY_LENGTH = 32
_NODE_ADDRESS = "127.0.0.1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KILLED = 128 + 9

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Container:
    """One container's directory, and what was known when it was made. Methods read or write the disk."""

    path: Path
    id: str
    name: ContainerName
    image: str
    image_id: str
    created_at: datetime

    def alive(self) -> bool:
        """Tell whether its supervisor or its first process lives."""
        try:
            fifo = os.open(self.path / record.ALIVE, os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            return False
        try:
            return not stands_alone(fifo)
        finally:
            os.close(fifo)

    def supervisor(self) -> int | None:
        """Open the way to its supervisor: a file for orders, in error when the supervisor ends. None: there is none."""
        try:
            return os.open(self.path / record.CONTROL, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno in (errno.ENXIO, errno.ENOENT):
                return None
            raise

    def init(self) -> tuple[int, int] | None:
        """Open its first process; return its pid and a pidfd that the caller closes. None: it does not run."""
        started = self._read(record.STARTED)
        if started is None:
            return None
        pid = int(started["init"])
        handle = processes.open_writer(pid, self.path / record.ALIVE)
        return None if handle is None else (pid, handle)

    def order(self, order: bytes) -> bool:
        """Hand an order to its supervisor; tell whether there is one."""
        fifo = self.supervisor()
        if fifo is None:
            return False
        try:
            os.write(fifo, order)
        except (BlockingIOError, BrokenPipeError):
            return False
        finally:
            os.close(fifo)
        return True

    def kill(self) -> None:
        """Kill every process that makes it alive, without its supervisor's help."""
        with suppress(FileNotFoundError):
            processes.kill_writers(self.path / record.ALIVE)

    def runnable(self) -> bool:
        """Tell whether it was made and never started, nor is being started."""
        return not self.alive() and self._read(record.STARTED) is None and self._read(record.EXITED) is None

    def ended(self) -> bool:
        """Tell whether its log gets no more."""
        return not (self.path / _ABOUT).exists() or (self.path / record.EXITED).exists()

    def observe(self) -> Observed:
        """Look how it is now; an end that nobody recorded is recorded first."""
        alive = self.alive()
        started, exited = self._read(record.STARTED), self._read(record.EXITED)
        if started and not exited and not alive:
            exited = self._record_loss()
        return self._observed(started, exited)

    def _read(self, name: str) -> dict[str, str] | None:
        return record.read(str(self.path / name))

    def _record_loss(self) -> dict[str, str]:
        message = "the supervisor ended without a record: it was killed, or the node went down"
        fields = {"code": _KILLED, "reason": record.LOST, "message": message, "at": _to_nanoseconds(_now())}
        try:
            record.write_once(str(self.path / record.EXITED), **fields)
        except OSError as error:
            # True all the same; on a full disk only the time is taken anew at the next look.
            _log.warning("the end of container %s cannot be recorded: %s", self.id, error)
        return self._read(record.EXITED) or {key: str(value) for key, value in fields.items()}

    def _observed(self, started: Mapping[str, str] | None, exited: Mapping[str, str] | None) -> Observed:
        started_at = max(_from_nanoseconds(started["at"]), self.created_at) if started else None
        common: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "image": self.image,
            "image_id": self.image_id,
            "created_at": self.created_at,
            "started_at": started_at,
            "ip": _NODE_ADDRESS,
        }
        if exited:
            return Observed(
                phase=Phase.EXITED,
                finished_at=max(_from_nanoseconds(exited["at"]), started_at or self.created_at),
                exit_code=int(exited["code"]),
                reason=exited.get("reason", ""),
                message=exited.get("message", ""),
                **common,
            )
        return Observed(phase=Phase.RUNNING if started else Phase.CREATED, **common)


class Containers:
    """All containers of one node, in one directory; several nodes have several. Methods read and write the disk."""

    def __init__(self, root: Path, node: str) -> None:
        self._node = node
        self._made = root / "containers"
        self._coming = root / "coming"
        self._going = root / "going"

    def open(self) -> None:
        """Make the directory ready and sweep away what a crash left half made or half removed."""
        for folder in (self._made, self._coming, self._going):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self._coming, self._going):
            for left in folder.iterdir():
                trees.delete(left)

    def path(self, name: ContainerName) -> Path:
        """Say where a container of that name is or will be."""
        return self._made / hashlib.sha256(str(name).encode()).hexdigest()[:_KEY_LENGTH]

    def all(self) -> list[Container]:
        """Return every container, oldest first."""
        found = [container for path in self._made.iterdir() if (container := _load(path))]
        return sorted(found, key=lambda container: (container.created_at, container.id))

    def observed(self, uid: str = "") -> list[Observed]:
        """Look how every container is now, or every one of a pod; one that went meanwhile is left out. Oldest first."""
        seen = [container.observe() for container in self.all() if uid in ("", container.name.uid)]
        return [one for one in seen if self.find(one.id)]

    def find(self, id: str) -> Container | None:
        """Look a container up by its id."""
        found = _load(self._made / id[:_KEY_LENGTH])
        return found if found and found.id == id else None

    def named(self, name: ContainerName) -> Container | None:
        """Look a container up by its name."""
        return _load(self.path(name))

    def create(self, name: ContainerName, image: str, image_id: str, files: Mapping[str, bytes]) -> Container:
        """Make a container's directory with what is its own in it; it is there whole or, after a crash, not at all."""
        path = self.path(name)
        coming = self._coming / path.name
        trees.delete(coming)
        coming.mkdir(mode=0o700)
        for folder, mode in ((LAYER, 0o755), (SCRATCH, 0o700), (TMP, 0o1777), (VAR_TMP, 0o1777)):
            (coming / folder).mkdir()
            (coming / folder).chmod(mode)
        for fifo in (record.ALIVE, record.CONTROL):
            os.mkfifo(coming / fifo, 0o600)
        container = Container(path, path.name + secrets.token_hex(16), name, image, image_id, _now())
        about = json.dumps(_about(container, self._node)).encode()
        for file, content in {record.LOG: b"", **files, _ABOUT: about}.items():
            _write(coming / file, content)
        coming.rename(path)
        return container

    def forget(self, container: Container) -> None:
        """Delete a container that is not alive."""
        going = self._going / container.id
        try:
            container.path.rename(going)
        except FileNotFoundError:
            return
        trees.delete(going)


def images_of(nodes: Path) -> set[str]:
    """Name the images of all containers of all nodes in a directory, by id."""
    return {container.image_id for path in nodes.glob("*/containers/*") if (container := _load(path))}


def stands_alone(fifo: int) -> bool:
    """Tell whether nobody has the other end of a FIFO that we read without blocking, and that is never written."""
    try:
        return os.read(fifo, 1) == b""
    except BlockingIOError:
        return False


def _about(container: Container, node: str) -> dict[str, object]:
    return {
        "id": container.id,
        "labels": container.name.labels(node),
        "image": container.image,
        "image_id": container.image_id,
        "created_at": container.created_at.isoformat(),
    }


def _load(path: Path) -> Container | None:
    try:
        about = json.loads((path / _ABOUT).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    name = ContainerName.from_labels(about["labels"])
    created_at = datetime.fromisoformat(about["created_at"])
    return Container(path, about["id"], name, about["image"], about["image_id"], created_at)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        # The directory is closed to others; what is mounted from here must be open to the container's users.
        os.fchmod(file.fileno(), 0o644)
        os.fsync(file.fileno())


def _now() -> datetime:
    return datetime.now(UTC)


def _from_nanoseconds(text: str) -> datetime:
    return _EPOCH + timedelta(microseconds=int(text) // 1000)


def _to_nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
