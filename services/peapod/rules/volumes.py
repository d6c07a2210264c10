"""What is wrong with a pod's volumes (v1beta1.md, 2.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from peapod.common import names
from peapod.common.errors import Violation
from peapod.v1 import pod_pb2

MEDIA = ("", "Memory")

_REQUIRED = {
    "host_path": ("path",),
    "gce_persistent_disk": ("pd_name", "fs_type"),
    "git_repo": ("repository",),
    "secret": ("secret_name",),
    "nfs": ("server", "path"),
}
_ABSOLUTE = {"host_path": ("path",), "nfs": ("path",)}
# These end up on command lines of the node, where a dash would make an option of them.
_NO_OPTION = {"git_repo": ("repository", "revision"), "nfs": ("server",)}
_FS_TYPE = re.compile(r"[a-z0-9][a-z0-9._-]*")


def volume_violations(volumes: Sequence[pod_pb2.Volume], path: str) -> Iterator[Violation]:
    """Find everything that is wrong with volumes whose defaults are set."""
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        field = f"{path}[{index}]"
        if not volume.name:
            yield Violation.required(f"{field}.name")
        elif problem := names.dns_label_problem(volume.name):
            yield Violation(f"{field}.name", problem)
        elif volume.name in seen:
            yield Violation.duplicate(f"{field}.name", f"another volume is named {volume.name!r}")
        seen.add(volume.name)
        if source := volume.WhichOneof("source"):
            yield from _source_violations(source, getattr(volume, source), f"{field}.{source}")


def _source_violations(kind: str, source: Any, path: str) -> Iterator[Violation]:
    for name in _REQUIRED.get(kind, ()):
        if not getattr(source, name):
            yield Violation.required(f"{path}.{name}")
    for name in _ABSOLUTE.get(kind, ()):
        if getattr(source, name) and not getattr(source, name).startswith("/"):
            yield Violation(f"{path}.{name}", "must be absolute")
    for name in _NO_OPTION.get(kind, ()):
        if getattr(source, name).startswith("-"):
            yield Violation(f"{path}.{name}", "must not begin with '-'")
    if kind in _OWN:
        yield from _OWN[kind](source, path)


def _empty_dir(source: pod_pb2.EmptyDirVolumeSource, path: str) -> Iterator[Violation]:
    if source.medium not in MEDIA:
        yield Violation.not_supported(f"{path}.medium", 'must be "" or "Memory"')


def _disk(source: pod_pb2.GCEPersistentDiskVolumeSource, path: str) -> Iterator[Violation]:
    if source.pd_name and (problem := names.dns_label_problem(source.pd_name)):
        yield Violation(f"{path}.pd_name", problem)
    if source.fs_type and not _FS_TYPE.fullmatch(source.fs_type):
        yield Violation(f"{path}.fs_type", f"{source.fs_type!r} is no file system, such as ext4")
    if not 0 <= source.partition <= 255:
        yield Violation(f"{path}.partition", "must be 0 to 255")


def _secret(source: pod_pb2.SecretVolumeSource, path: str) -> Iterator[Violation]:
    if source.secret_name and (problem := names.dns_subdomain_problem(source.secret_name)):
        yield Violation(f"{path}.secret_name", problem)


_OWN: Mapping[str, Callable[[Any, str], Iterator[Violation]]] = {
    "empty_dir": _empty_dir,
    "gce_persistent_disk": _disk,
    "secret": _secret,
}
