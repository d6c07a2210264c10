"""What is wrong with metadata, of any kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.common import names
from peapod.rules.metadata import DRAWN, PREFIX_KEPT, violations
from peapod.v1.meta_pb2 import ObjectMeta

NAME, PREFIX, NAMESPACE = "metadata.name", "metadata.generate_name", "metadata.namespace"
LABELS, ANNOTATIONS = "metadata.labels", "metadata.annotations"


def wrong(metadata: ObjectMeta) -> list[tuple[str, str]]:
    return [(violation.field, violation.reason) for violation in violations(metadata, True)]


@pytest.mark.parametrize(
    ("metadata", "field", "reason"),
    [
        (ObjectMeta(namespace="d"), NAME, "REQUIRED"),
        (ObjectMeta(name="A", namespace="d"), NAME, "INVALID"),
        (ObjectMeta(name="a" * 254, namespace="d"), NAME, "INVALID"),
        (ObjectMeta(generate_name="Web-", namespace="d"), PREFIX, "INVALID"),
        (ObjectMeta(generate_name="-", namespace="d"), PREFIX, "INVALID"),
        (ObjectMeta(name="a"), NAMESPACE, "REQUIRED"),
        (ObjectMeta(name="a", namespace="D"), NAMESPACE, "INVALID"),
        (ObjectMeta(name="a", namespace="d", labels={"An1-ame0": "v"}), LABELS, "INVALID"),
        (ObjectMeta(name="a", namespace="d", labels={"a": "-"}), LABELS, "INVALID"),
        (ObjectMeta(name="a", namespace="d", annotations={"a/b/c": "v"}), ANNOTATIONS, "INVALID"),
        (ObjectMeta(name="a", namespace="d", annotations={"": "v"}), ANNOTATIONS, "INVALID"),
        (ObjectMeta(name="a", namespace="d", annotations={"a" * 254: "v"}), ANNOTATIONS, "INVALID"),
        (ObjectMeta(name="a", namespace="d", annotations={"a": "x" * (64 << 10)}), ANNOTATIONS, "TOO_LONG"),
        (ObjectMeta(name="a", namespace="d", annotations={"a": "ü" * (32 << 10)}), ANNOTATIONS, "TOO_LONG"),
    ],
)
def test_what_is_wrong_is_named(metadata: ObjectMeta, field: str, reason: str) -> None:
    assert wrong(metadata) == [(field, reason)]


@pytest.mark.parametrize(
    "metadata",
    [
        ObjectMeta(name="a" * 253, namespace="d"),
        ObjectMeta(generate_name="web-", namespace="d"),
        ObjectMeta(generate_name="web", namespace="d"),
        ObjectMeta(name="a", namespace="d", labels={"example.com/a": "A_.-", "b": ""}),
        ObjectMeta(name="a", namespace="d", annotations={"Example.com/A_b": "x" * 60_000}),
        ObjectMeta(name="a", namespace="d", annotations={"a": "x" * ((64 << 10) - 1)}),
    ],
)
def test_what_is_right_passes(metadata: ObjectMeta) -> None:
    assert wrong(metadata) == []


def test_each_bad_label_is_told() -> None:
    labels = {"A": "-", "b": "v"}
    assert wrong(ObjectMeta(name="a", namespace="d", labels=labels)) == [(LABELS, "INVALID")] * 2


def test_a_kind_outside_namespaces_needs_none() -> None:
    assert [*violations(ObjectMeta(name="a"), False)] == []


@given(st.text(st.sampled_from("ab0-."), min_size=1, max_size=70), st.booleans())
def test_a_prefix_that_passes_makes_names_that_pass(prefix: str, service: bool) -> None:
    rule = names.dns_952_label_problem if service else names.dns_subdomain_problem
    if not [*violations(ObjectMeta(generate_name=prefix), False, rule)]:
        for drawn in ("0" * DRAWN, "z" * DRAWN):
            assert rule(prefix[:PREFIX_KEPT] + drawn) is None


@pytest.mark.parametrize(
    ("name", "prefix", "fields"),
    [
        ("web", "", []),
        ("w" * 24, "", []),
        ("w" * 25, "", [NAME]),
        ("0web", "", [NAME]),
        ("web.x", "", [NAME]),
        ("web-", "", [NAME]),
        ("", "w" * 19, []),
        ("", "w" * 18 + "-", []),
        ("", "w" * 20, [PREFIX]),
        ("", "0", [PREFIX]),
    ],
)
def test_a_service_has_a_shorter_name(name: str, prefix: str, fields: list[str]) -> None:
    metadata = ObjectMeta(name=name, generate_name=prefix, namespace="d")
    assert [violation.field for violation in violations(metadata, True, names.dns_952_label_problem)] == fields
