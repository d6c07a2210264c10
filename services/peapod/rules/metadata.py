"""What is wrong with metadata, which is the same for every kind but for the form of names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from peapod.common import labels, names
from peapod.common.errors import Violation
from peapod.v1 import meta_pb2

ANNOTATION_BYTES = 64 << 10
PREFIX_KEPT, DRAWN = 58, 5
"""Of a name that is made from a prefix: how many characters come from the prefix, and how many follow."""

NameProblem = Callable[[str], str | None]
"""Says in one clause what is wrong with a name, or None."""


def violations(
    metadata: meta_pb2.ObjectMeta, namespaced: bool, name_problem: NameProblem = names.dns_subdomain_problem
) -> Iterator[Violation]:
    """Find everything that is wrong with an object's metadata; `name_problem` is the rule for names of its kind."""
    yield from _name_violations(metadata, name_problem)
    if namespaced:
        yield from _namespace_violations(metadata.namespace)
    if metadata.labels:
        yield from label_violations("metadata.labels", metadata.labels)
    if metadata.annotations:
        yield from annotation_violations("metadata.annotations", metadata.annotations)


def label_violations(path: str, pairs: Mapping[str, str]) -> Iterator[Violation]:
    """Find bad keys and values of labels, or of a selector that is a map."""
    for key, value in pairs.items():
        if problem := labels.key_problem(key):
            yield Violation(path, f"{key!r}: {problem}")
        if problem := labels.value_problem(value):
            yield Violation(path, f"{key}={value!r}: {problem}")


def annotation_violations(path: str, pairs: Mapping[str, str]) -> Iterator[Violation]:
    """Find bad keys, and annotations that are too much together."""
    for key in pairs:
        if problem := names.qualified_name_problem(key):
            yield Violation(path, f"{key!r}: {problem}")
    size = sum(len(key.encode()) + len(value.encode()) for key, value in pairs.items())
    if size > ANNOTATION_BYTES:
        yield Violation.too_long(path, f"{size} bytes are more than {ANNOTATION_BYTES}")


def _name_violations(metadata: meta_pb2.ObjectMeta, name_problem: NameProblem) -> Iterator[Violation]:
    if metadata.name:
        if problem := name_problem(metadata.name):
            yield Violation("metadata.name", problem)
    elif not metadata.generate_name:
        yield Violation.required("metadata.name")
    if metadata.generate_name:
        yield from _prefix_violations(metadata.generate_name, name_problem)


def _prefix_violations(prefix: str, name_problem: NameProblem) -> Iterator[Violation]:
    # A prefix may end in a dash, for more follows.
    if problem := name_problem(prefix.rstrip("-")):
        yield Violation("metadata.generate_name", problem)
    elif problem := name_problem(prefix[:PREFIX_KEPT] + "0" * DRAWN):
        yield Violation("metadata.generate_name", f"with {DRAWN} characters behind it, the name {problem}")


def _namespace_violations(namespace: str) -> Iterator[Violation]:
    if not namespace:
        yield Violation.required("metadata.namespace")
    elif problem := names.dns_subdomain_problem(namespace):
        yield Violation("metadata.namespace", problem)
