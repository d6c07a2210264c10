"""The images of a node without a registry: the node itself, and archives that were imported."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

from peapod.kubelet.runtime import runtime
from peapod.kubelet.runtime.runtime import DiskUse, ImageError
from peapod.kubelet.runtime.sandbox import archives, trees
from peapod.kubelet.runtime.sandbox.archives import Packed
from peapod.v1 import pod_pb2

HOST = "host"
"""The image that is the node's own root file system, read-only."""

_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_ROOTFS, _CONFIG = "rootfs", "config.json"
_LOCK = "lock"

_log = logging.getLogger(__name__)


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
    """Unpacked images by id and their names, in one directory, and a directory of archives to take others from.

    Several processes may use the same directories at once. Methods read and write the disk.
    """

    def __init__(self, root: Path, source: Path, used: Callable[[], Set[str]]) -> None:
        """`used` names by id the images that containers have."""
        self._root = root
        self._source = source
        self._used = used
        self._unpacked = root / "unpacked"
        self._names = root / "names"
        self._coming = root / "coming"
        self._known: dict[tuple[Path, int, int], list[Packed]] = {}
        self._sizes: dict[str, int] = {}

    def open(self) -> None:
        """Make the directories, and sweep away what a crash left half unpacked or half removed."""
        for folder in (self._source, self._unpacked, self._names, self._coming):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(BlockingIOError), self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
            for left in self._coming.iterdir():
                trees.delete(left)

    def ensure(self, name: str, policy: pod_pb2.PullPolicy) -> Image:
        """Find an image by name, in the archives if need be; raise `ImageError`.

        The archives stand in for a registry: PULL_POLICY_ALWAYS takes the image from there and fails when it is
        not there, the other policies look there last.
        """
        name = full_name(name)
        if name == full_name(HOST):
            return Image(HOST, None)
        present = None if policy == pod_pb2.PULL_POLICY_ALWAYS else self._find(name)
        if present:
            return present
        if packed := self._packed(name):
            return self._take(packed, name)
        reason = "ErrImageNeverPull" if policy == pod_pb2.PULL_POLICY_NEVER else "ErrImagePull"
        raise ImageError(reason, self._absence(name, policy))

    def take(self, archive: Path, name: str = "") -> Image:
        """Import an archive's only image, or that of this name, as `name` or as it calls itself."""
        found = archives.read(archive)
        wanted = full_name(name) if name else ""
        fitting = [packed for packed in found if wanted in packed.names] or found
        if len(fitting) != 1:
            several = ", ".join(each for packed in found for each in packed.names)
            raise ImageError("BadImageArchive", f"{archive} has several images ({several}): name one of them")
        names = (wanted,) if wanted else fitting[0].names
        if not names:
            raise ImageError("BadImageArchive", f"the image in {archive} has no name: give it one")
        for each in names:
            image = self._take(fitting[0], each)
        return image

    def all(self) -> list[runtime.Image]:
        """List the node and what was unpacked; what archives have is not here yet."""
        names: dict[str, list[str]] = {}
        for link in sorted(self._names.iterdir()):
            names.setdefault(link.readlink().name, []).append(unquote(link.name))
        images = [
            runtime.Image(f"sha256:{place.name}", tuple(names.get(place.name, ())), self._size(place))
            for place in sorted(self._unpacked.iterdir())
        ]
        return [runtime.Image(HOST, (HOST,), 0), *images]

    def remove(self, id: str) -> None:
        """Remove an unpacked image with its names; raise `ImageError` for one that a container has, and the node."""
        if id == HOST:
            raise ImageError("ImageInUse", "the image host is the node itself")
        place = self._unpacked / quote(id.removeprefix("sha256:"), safe="")
        going = self._coming / secrets.token_hex(8)
        with self._locked(fcntl.LOCK_EX):
            if id in self._used():
                raise ImageError("ImageInUse", f"a container has image {id}")
            for link in self._names.iterdir():
                if link.readlink().name == place.name:
                    link.unlink()
            with suppress(FileNotFoundError):
                place.rename(going)
        with self.kept():
            trees.delete(going)

    def disk(self) -> DiskUse:
        """How full the file system is, of what others than root may use."""
        about = shutil.disk_usage(self._root)
        return DiskUse(about.used, about.used + about.free)

    def kept(self) -> AbstractContextManager[None]:
        """Have no image removed, and nothing swept away, by any process meanwhile."""
        return self._locked(fcntl.LOCK_SH)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        with (self._root / _LOCK).open("wb") as lock:
            fcntl.flock(lock, kind)
            yield

    def _size(self, place: Path) -> int:
        if place.name not in self._sizes:
            self._sizes[place.name] = trees.size(place)
        return self._sizes[place.name]

    def _find(self, name: str) -> Image | None:
        folder = self._names / quote(name, safe="")
        try:
            config = json.loads((folder / _CONFIG).read_bytes())
        except FileNotFoundError:
            return None
        real = folder.resolve()
        return Image(
            id=f"sha256:{real.name}",
            rootfs=real / _ROOTFS,
            entrypoint=tuple(config.get("Entrypoint") or ()),
            cmd=tuple(config.get("Cmd") or ()),
            env=dict(entry.split("=", 1) for entry in config.get("Env") or () if "=" in entry),
            working_dir=config.get("WorkingDir") or "",
        )

    def _packed(self, name: str) -> Packed | None:
        """Find the archive that has the image."""
        for archive, stem in self._archives():
            for packed in self._read(archive):
                if name in (packed.names or (full_name(stem),)):
                    return packed
        return None

    def _archives(self) -> Iterator[tuple[Path, str]]:
        for path in sorted(self._source.iterdir()):
            ending = next((ending for ending in _ENDINGS if path.name.endswith(ending)), None)
            if ending:
                yield path, unquote(path.name.removesuffix(ending))

    def _read(self, archive: Path) -> list[Packed]:
        """Read an archive's contents once; one that is bad or half copied has none until it changes."""
        about = archive.stat()
        key = archive, about.st_mtime_ns, about.st_size
        if key not in self._known:
            try:
                self._known[key] = archives.read(archive)
            except ImageError as error:
                _log.warning("%s", error)
                self._known[key] = []
        return self._known[key]

    def _take(self, packed: Packed, name: str) -> Image:
        place = self._unpacked / packed.id.removeprefix("sha256:")
        with self.kept():
            if not place.exists():
                self._unpack(packed, place)
            link = self._coming / secrets.token_hex(8)
            link.symlink_to(os.path.relpath(place, self._names))
            link.rename(self._names / quote(name, safe=""))
            image = self._find(name)
        if image is None:
            raise ImageError("ErrImagePull", f"{name} was removed while it was imported")
        return image

    def _unpack(self, packed: Packed, place: Path) -> None:
        coming = self._coming / secrets.token_hex(8)
        try:
            (coming / _ROOTFS).mkdir(parents=True)
            (coming / _ROOTFS).chmod(0o755)
            packed.unpack(coming / _ROOTFS)
            (coming / _CONFIG).write_text(json.dumps(packed.config))
            # A folder that is in its place after a power cut is taken to be whole.
            os.sync()
            coming.rename(place)
        except OSError:
            # Of two that unpack the same image at once, the second finds the place taken.
            if not place.exists():
                raise
        finally:
            shutil.rmtree(coming, ignore_errors=True)
        if packed.config.get("User"):
            _log.warning("image %s asks for user %s; the sandbox runs it as root", packed.id, packed.config["User"])

    def _absence(self, name: str, policy: pod_pb2.PullPolicy) -> str:
        advice = f"put its `docker save` archive into {self._source}"
        if policy == pod_pb2.PULL_POLICY_ALWAYS:
            advice += ", or use an image that was imported with image_pull_policy IF_NOT_PRESENT"
        return f"{name} is not here and the sandbox runtime cannot pull: {advice}"


def full_name(name: str) -> str:
    """Add the tag that is meant when none is given."""
    last = name.rpartition("/")[2]
    return name if ":" in last or "@" in last else f"{name}:latest"
