"""What is wrong with a lease."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.common.errors import Violation
from peapod.v1.lease_pb2 import Lease


def violations(lease: Lease) -> Iterator[Violation]:
    """Find everything that is wrong with a lease."""
    if lease.spec.lease_duration_seconds < 1:
        yield Violation("spec.lease_duration_seconds", "must be at least 1")
    if lease.spec.transitions < 0:
        yield Violation("spec.transitions", "must not be negative")


def update_violations(new: Lease, old: Lease) -> Iterator[Violation]:
    """Find what an update may not do: another holder is one holder more, and nobody counts backwards."""
    taken = new.spec.holder_identity not in ("", old.spec.holder_identity)
    least = old.spec.transitions + (1 if taken else 0)
    if new.spec.transitions < least:
        yield Violation("spec.transitions", f"must be at least {least}")
