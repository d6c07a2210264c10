"""What is wrong with a namespace (v1beta1.md, 2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.common import names
from peapod.common.errors import Violation
from peapod.v1 import namespace_pb2

STANDARD_FINALIZER = "kubernetes"
"""The cluster's own, and the only one without a prefix."""


def violations(namespace: namespace_pb2.Namespace) -> Iterator[Violation]:
    """Find finalizers that nobody can be."""
    for index, finalizer in enumerate(namespace.spec.finalizers):
        if problem := names.qualified_name_problem(finalizer):
            yield Violation(f"spec.finalizers[{index}]", problem)
        elif "/" not in finalizer and finalizer != STANDARD_FINALIZER:
            description = f"must be {STANDARD_FINALIZER!r}, or say whose it is before a '/', such as example.com/backup"
            yield Violation(f"spec.finalizers[{index}]", description)


def is_terminating(namespace: namespace_pb2.Namespace) -> bool:
    """Tell whether a namespace is on its way out, and lets nothing in."""
    phase = namespace.status.phase
    return phase == namespace_pb2.NAMESPACE_PHASE_TERMINATING or namespace.metadata.HasField("deletion_timestamp")
