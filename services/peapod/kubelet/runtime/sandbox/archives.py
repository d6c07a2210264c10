"""Reading images from the archives that `docker save` and `docker export` write."""

from __future__ import annotations

import hashlib
import json
import lzma
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peapod.kubelet.runtime.runtime import ImageError
from peapod.kubelet.runtime.sandbox.unpack import HostileArchive, unpack

_MANIFEST = "manifest.json"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Packed:
    """One image in an archive, not unpacked yet."""

    archive: Path
    id: str
    names: tuple[str, ...]
    layers: tuple[str, ...]
    """The layers' names in the archive, the lowest first; none when the archive itself is the root."""
    config: Mapping[str, Any]
    """The image's own `config` object; empty for an exported container."""

    def unpack(self, root: Path) -> None:
        """Lay all layers into an empty directory. Raises `ImageError`."""
        with _readable(self.archive), tarfile.open(self.archive) as tar:
            if not self.layers:
                unpack(tar, str(root))
            for layer in self.layers:
                with tar.extractfile(layer) as content, tarfile.open(fileobj=content) as inner:  # type: ignore[union-attr]
                    unpack(inner, str(root))


def read(archive: Path) -> list[Packed]:
    """List the images of an archive. Raises `ImageError` when it is none."""
    with _readable(archive), tarfile.open(archive) as tar:
        try:
            manifest = _json(tar, _MANIFEST)
        except KeyError:
            return [Packed(archive, _digest_of(archive), (), (), {})]
        return [_from_manifest(archive, tar, entry) for entry in manifest]


def _from_manifest(archive: Path, tar: tarfile.TarFile, entry: Mapping[str, Any]) -> Packed:
    whole = _bytes(tar, entry["Config"])
    config = json.loads(whole).get("config") or {}
    names = tuple(entry.get("RepoTags") or ())
    return Packed(archive, f"sha256:{hashlib.sha256(whole).hexdigest()}", names, tuple(entry["Layers"]), config)


def _json(tar: tarfile.TarFile, name: str) -> Any:
    return json.loads(_bytes(tar, name))


def _bytes(tar: tarfile.TarFile, name: str) -> bytes:
    content = tar.extractfile(name)
    if content is None:
        raise KeyError(name)
    with content:
        return content.read()


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    """Say which archive is bad when it is; what the disk refuses is not the archive's fault."""
    try:
        yield
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, HostileArchive) as error:
        raise _bad(archive, str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, FileNotFoundError) as error:
        raise _bad(archive, repr(error)) from error


def _bad(archive: Path, why: str) -> ImageError:
    return ImageError("BadImageArchive", f"{archive} is not an image archive that can be used: {why}")
