"""Image archives as `docker save` and `docker export` write them, made of any entries, good or bad."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.images.rootfs import RootFs

SMALL_PROGRAMS = (
    *("busybox", "cat", "env", "grep", "head", "id", "ls", "mkdir"),
    *("rm", "sh", "sleep", "stty", "touch", "tr", "true", "wc"),
)


def small_rootfs() -> RootFs:
    """A shell and a few programs of this machine."""
    rootfs = RootFs()
    for name in SMALL_PROGRAMS:
        rootfs.program(f"/bin/{name}")
    rootfs.file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    return rootfs


def entry(
    name: str, content: str | None = None, *, to: str = "", hard: bool = False, **fields: object
) -> tarfile.TarInfo:
    """One entry of a layer: a folder, or a file with this content, or a link to somewhere."""
    made = tarfile.TarInfo(name)
    made.mode = 0o755
    if to:
        made.type, made.linkname = tarfile.LNKTYPE if hard else tarfile.SYMTYPE, to
    elif content is None:
        made.type = tarfile.DIRTYPE
    else:
        made.size = len(content)
        made.pax_headers = {"comment": content}
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def layer(*entries: tarfile.TarInfo) -> bytes:
    """Make a layer, or an exported container, of entries."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for made in entries:
            tar.addfile(made, io.BytesIO(made.pax_headers.pop("comment", "").encode()))
    return buffer.getvalue()


def save(path: Path, images: Mapping[str, Sequence[bytes]], config: Mapping[str, object] | None = None) -> Path:
    """Write what `docker save` would write for images of these layers, all with one config."""
    manifest = []
    files: dict[str, bytes] = {}
    for name, layers in images.items():
        names = [hashlib.sha256(content).hexdigest() + "/layer.tar" for content in layers]
        files |= dict(zip(names, layers, strict=True))
        about = json.dumps({"config": dict(config or {}), "rootfs": {"diff_ids": names}}).encode()
        files[about_name := hashlib.sha256(about).hexdigest() + ".json"] = about
        manifest.append({"Config": about_name, "RepoTags": [name], "Layers": names})
    files["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path
