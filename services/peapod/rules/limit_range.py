"""What is wrong with a limit range (v1beta1.md, 2.4), and with a pod where there is one."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.common.errors import Violation
from peapod.rules.resources import COMPUTE, amount_violations
from peapod.rules.usage import Usage, difference, limits_of, thousandths, written
from peapod.v1 import limit_range_pb2, pod_pb2

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


def excess(limit_range: limit_range_pb2.LimitRange, pod: pod_pb2.Pod) -> Iterator[str]:
    """Say everything in which a pod's limits are beyond those of the range; one that has none asks for nothing."""
    each = {container.name: limits_of(container) for container in pod.spec.containers}
    for item in limit_range.spec.limits:
        if item.type == "Container":
            for name, found in each.items():
                yield from _excess(item, found, f"per container is {{}}, and {name} has {{}}")
        else:
            yield from _excess(item, difference(each.values(), ()), "per pod is {}, and this one has {}")


def _excess(item: limit_range_pb2.LimitRangeItem, found: Usage, words: str) -> Iterator[str]:
    for name in sorted(item.max):
        if found.get(name, 0) > thousandths(item.max[name]):
            yield f"maximum {name} usage {words.format(item.max[name], written(found.get(name, 0)))}"
    for name in sorted(item.min):
        if found.get(name, 0) < thousandths(item.min[name]):
            yield f"minimum {name} usage {words.format(item.min[name], written(found.get(name, 0)))}"
