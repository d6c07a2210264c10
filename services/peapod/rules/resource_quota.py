"""What is wrong with a resource quota (v1beta1.md, 2.4), and what it lets in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from peapod.common.errors import Violation
from peapod.rules.resources import COUNTED, amount_violations
from peapod.rules.usage import Usage, difference, thousandths, written
from peapod.v1.resource_quota_pb2 import ResourceQuota


def violations(quota: ResourceQuota) -> Iterator[Violation]:
    """Find everything that is wrong with a quota, apart from its metadata; its status is judged too."""
    yield from amount_violations(quota.spec.hard, COUNTED, "spec.hard")
    yield from amount_violations(quota.status.hard, COUNTED, "status.hard")
    yield from amount_violations(quota.status.used, COUNTED, "status.used")


def bears_on(quota: ResourceQuota, names: Iterable[str]) -> bool:
    """Tell whether a quota bounds any of the resources."""
    return any(name in quota.spec.hard for name in names)


def is_counted(quota: ResourceQuota) -> bool:
    """Tell whether all that a quota bounds was counted, and nothing has to be counted anew."""
    return all(name in quota.status.used for name in quota.spec.hard)


def count(quota: ResourceQuota, used: Usage) -> None:
    """Write into the status what is used of what is bounded, in place."""
    quota.status.hard.clear()
    quota.status.hard.update(quota.spec.hard)
    quota.status.used.clear()
    quota.status.used.update({name: written(max(used.get(name, 0), 0)) for name in quota.spec.hard})


def used_by(quota: ResourceQuota) -> Usage:
    """Read what was counted."""
    return {name: thousandths(amount) for name, amount in quota.status.used.items()}


def add(quota: ResourceQuota, more: Usage) -> None:
    """Count what comes, or, of less than nothing, what goes, in place."""
    count(quota, difference([used_by(quota), more], ()))


def excess(quota: ResourceQuota, more: Usage) -> Iterator[str]:
    """Say, of a quota that is counted, of what `more` would be too much."""
    used = used_by(quota)
    for name in sorted(more.keys() & quota.spec.hard.keys()):
        hard, so_far = quota.spec.hard[name], used.get(name, 0)
        if more[name] > 0 and so_far + more[name] > thousandths(hard):
            yield f"limited to {hard} {name} by quota {quota.metadata.name}, of which {written(so_far)} are used"
