"""Amounts of resources: which there are to bound, and what is wrong with a map of them (v1beta1.md, 2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from peapod.common import quantity
from peapod.common.errors import Violation

COMPUTE = frozenset({"cpu", "memory"})
"""What one container can ask for."""
OBJECTS = frozenset({"pods", "services", "replicationcontrollers", "resourcequotas"})
"""What is counted by its objects."""
COUNTED = COMPUTE | OBJECTS | {"storage"}
"""What all of a namespace can use together."""


def amount_violations(amounts: Mapping[str, str], known: Set[str], path: str) -> Iterator[Violation]:
    """Find what is no resource, and what is no amount of one."""
    for name, text in amounts.items():
        field = f"{path}[{name}]"
        if name not in known:
            yield Violation(field, f"is no resource: one of {', '.join(sorted(known))}")
        try:
            if quantity.parse(text) < 0:
                yield Violation(field, "must not be negative")
        except ValueError as problem:
            yield Violation(field, str(problem))
