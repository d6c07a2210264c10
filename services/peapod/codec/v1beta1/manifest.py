"""Bare container manifests: what v1beta1 wrote into files for one node, before there were pods.

A manifest is what a pod has in `desiredState.manifest`; its `id` is the pod's name, its `uuid` the pod's uid.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from peapod.codec import codec
from peapod.codec.codec import Decoded, Part, member
from peapod.codec.engine.paths import translate
from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report
from peapod.codec.engine.scalars import TEXT
from peapod.codec.engine.table import Field, Reader, Table, kind_of
from peapod.codec.v1beta1.pod import MANIFEST, ManifestVersion, written_version
from peapod.v1 import pod_pb2

LIST = "ContainerManifestList"


class OwnVersion(ManifestVersion):
    """The version of a manifest that stands alone, where nothing else says how to read it."""

    def reader(self, place: Place) -> Reader:
        """Take v1beta1 and v1beta2, which are the same, in any case."""
        return _read_version


def _read_version(value: Any, _: Any, __: Report) -> None:
    if not isinstance(value, str) or value.lower() not in ("", "v1beta1", "v1beta2"):
        raise ValueError(f'must be "v1beta2", not {json.dumps(value)}')


_OWN = ("version", "id", "uuid")

TABLE = Table(
    "ContainerManifest",
    Field("version", "", OwnVersion(written_version), always=True),
    Field("id", "metadata.name", TEXT),
    Field("uuid", "metadata.uid", TEXT),
    *(replace(field, proto=f"spec.{field.proto}") for field in MANIFEST if field.name not in _OWN),
)


def parts(document: Any) -> Iterator[Part]:
    """Take lists of pods and of manifests apart, also those that are nothing but a list."""
    items = member(document, "items") if member(document, "kind") == LIST else document
    if not isinstance(items, list):
        yield from codec.split(document)
        return
    key = "items" if items is not document else ""
    for index, item in enumerate(items):
        yield from codec.split(item, f"{key}[{index}]")


def is_manifest(document: Any) -> bool:
    """Tell whether a document is a bare manifest: it names a version of its own, and no kind."""
    return isinstance(document, dict) and member(document, "kind") is None and member(document, "apiVersion") is None


def decode(document: Any, path: str = "") -> Decoded:
    """Read a bare manifest as a pod. Never raises for what the document says; tells all that is wrong at once."""
    report = Report(path)
    pod = pod_pb2.Pod()
    if not isinstance(document, dict):
        report.problem(f"must be an object, not {kind_of(document)}")
        return Decoded(None, report.problems, report.unknown)
    if not member(document, "version"):
        report.missing('is required: "v1beta2", or the older "v1beta1"', ".version")
    TABLE.read(_with_lower_version(document), pod, report)
    return Decoded(pod, report.problems, report.unknown)


def to_manifest_path(proto_path: str) -> str:
    """Say the place of a pod's field in a manifest's words."""
    return translate(TABLE, proto_path)


def _with_lower_version(document: dict[Any, Any]) -> dict[Any, Any]:
    """Versions were read in any case."""
    return {
        key: value.lower() if str(key).lower() == "version" and isinstance(value, str) else value
        for key, value in document.items()
    }
