"""What is wrong with metadata, which is the same for every kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from peapod.common import labels, names
from peapod.common.errors import Violation
from peapod.v1 import meta_pb2

ANNOTATION_BYTES = 64 << 10
QUALIFIED_NAME_MOST = 253

_PART = r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?"
_QUALIFIED_NAME = re.compile(f"({_PART}/)?{_PART}")


def violations(metadata: meta_pb2.ObjectMeta, namespaced: bool) -> Iterator[Violation]:
    """Find everything that is wrong with an object's metadata."""
    yield from _name_violations(metadata)
    if namespaced and (problem := names.dns_subdomain_problem(metadata.namespace)):
        yield Violation("metadata.namespace", problem)
    if metadata.labels:
        yield from label_violations("metadata.labels", metadata.labels)
    if metadata.annotations:
        yield from _annotation_violations(metadata.annotations)


def label_violations(path: str, pairs: Mapping[str, str]) -> Iterator[Violation]:
    """Find bad keys and values of labels, or of a selector that is a map."""
    for key, value in pairs.items():
        if problem := labels.key_problem(key):
            yield Violation(path, f"{key!r}: {problem}")
        if problem := labels.value_problem(value):
            yield Violation(path, f"{key}={value!r}: {problem}")


def _name_violations(metadata: meta_pb2.ObjectMeta) -> Iterator[Violation]:
    if metadata.name:
        if problem := names.dns_subdomain_problem(metadata.name):
            yield Violation("metadata.name", problem)
    elif not metadata.generate_name:
        yield Violation("metadata.name", "is required")
    # A prefix may end in a dash, for more follows.
    prefix = metadata.generate_name.rstrip("-")
    if prefix and (problem := names.dns_subdomain_problem(prefix)):
        yield Violation("metadata.generate_name", problem)


def _annotation_violations(annotations: Mapping[str, str]) -> Iterator[Violation]:
    for key in annotations:
        if len(key) > QUALIFIED_NAME_MOST or not _QUALIFIED_NAME.fullmatch(key.lower()):
            yield Violation("metadata.annotations", f"{key!r} is not a qualified name")
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > ANNOTATION_BYTES:
        yield Violation("metadata.annotations", f"{size} bytes are more than {ANNOTATION_BYTES}")
