"""What is wrong with a limit range (v1beta1.md, 2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.common.errors import Violation
from peapod.rules.resources import COMPUTE, amount_violations
from peapod.v1 import limit_range_pb2

TYPES = ("Pod", "Container")


def violations(limit_range: limit_range_pb2.LimitRange) -> Iterator[Violation]:
    """Find everything that is wrong with a limit range, apart from its metadata."""
    for index, item in enumerate(limit_range.spec.limits):
        path = f"spec.limits[{index}]"
        if not item.type:
            yield Violation.required(f"{path}.type")
        elif item.type not in TYPES:
            yield Violation.not_supported(f"{path}.type", f"must be {' or '.join(TYPES)}, not {item.type!r}")
        yield from amount_violations(item.max, COMPUTE, f"{path}.max")
        yield from amount_violations(item.min, COMPUTE, f"{path}.min")
