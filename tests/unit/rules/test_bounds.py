"""Limit ranges and resource quotas: what is no resource, and what is no amount of one."""

from __future__ import annotations

import pytest

from peapod.rules import limit_range, resource_quota
from peapod.v1.limit_range_pb2 import LimitRange
from peapod.v1.resource_quota_pb2 import ResourceQuota
from tests.support.kinds import make_limit_range, make_quota


def of_limit_range(**item: object) -> list[tuple[str, str]]:
    found = LimitRange()
    found.spec.limits.add(type="Pod")
    found.spec.limits.add(**({"type": "Container"} | item))  # type: ignore[arg-type]
    return [(violation.field, violation.reason) for violation in limit_range.violations(found)]


def of_quota(**parts: object) -> list[tuple[str, str]]:
    found = ResourceQuota(**parts)  # type: ignore[arg-type]
    return [(violation.field, violation.reason) for violation in resource_quota.violations(found)]


@pytest.mark.parametrize(
    ("item", "field", "reason"),
    [
        ({"type": ""}, "type", "REQUIRED"),
        ({"type": "pod"}, "type", "NOT_SUPPORTED"),
        ({"max": {"cpu": "much"}}, "max[cpu]", "INVALID"),
        ({"max": {"cpu": "-1"}}, "max[cpu]", "INVALID"),
        ({"min": {"memory": ""}}, "min[memory]", "INVALID"),
        ({"min": {"pods": "1"}}, "min[pods]", "INVALID"),
    ],
)
def test_what_is_wrong_with_a_limit_range_is_named(item: dict[str, object], field: str, reason: str) -> None:
    assert of_limit_range(**item) == [(f"spec.limits[1].{field}", reason)]


def test_a_limit_range_that_is_right() -> None:
    assert [*limit_range.violations(make_limit_range())] == []
    assert [*limit_range.violations(LimitRange())] == []
    assert of_limit_range(max={"cpu": "0.5", "memory": "1.5Gi"}, min={"cpu": "0"}) == []


@pytest.mark.parametrize("part", [("spec", "hard"), ("status", "hard"), ("status", "used")])
@pytest.mark.parametrize(
    ("amounts", "names"),
    [
        ({"pods": "-1"}, ["pods"]),
        ({"pods": "few"}, ["pods"]),
        ({"Pods": "1"}, ["Pods"]),
        ({"example.com/gpu": "1"}, ["example.com/gpu"]),
        ({"cpu": "x", "disk": "1", "memory": "1Gi"}, ["cpu", "disk"]),
    ],
)
def test_what_is_wrong_with_a_quota_is_named(part: tuple[str, str], amounts: dict[str, str], names: list[str]) -> None:
    message, field = part
    assert sorted(of_quota(**{message: {field: amounts}})) == [
        (f"{message}.{field}[{name}]", "INVALID") for name in names
    ]


def test_a_quota_that_is_right() -> None:
    assert [*resource_quota.violations(make_quota())] == []
    amounts = {"cpu": "2", "memory": "1Gi", "storage": "1T", "pods": "1", "services": "0"}
    assert of_quota(spec={"hard": amounts | {"replicationcontrollers": "1", "resourcequotas": "1"}}) == []
