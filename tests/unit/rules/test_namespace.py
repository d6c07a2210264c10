"""Who may have to finish before a namespace goes."""

from __future__ import annotations

import pytest

from peapod.apiserver.resources.namespace import begin, keep
from peapod.rules.namespace import violations
from peapod.v1.namespace_pb2 import NAMESPACE_PHASE_ACTIVE, NAMESPACE_PHASE_TERMINATING, Namespace


@pytest.mark.parametrize("finalizer", ["", "backup", "Kubernetes", "a b", "-/x", "x/", "/x", "a/b/c", "x/" + "y" * 252])
def test_a_finalizer_that_nobody_can_be_is_named(finalizer: str) -> None:
    namespace = Namespace(spec={"finalizers": ["kubernetes", finalizer]})
    assert [(wrong.field, wrong.reason) for wrong in violations(namespace)] == [("spec.finalizers[1]", "INVALID")]


def test_finalizers_that_are_right() -> None:
    finalizers = ["kubernetes", "example.com/backup", "Example.com/Back_up.2", "x/" + "y" * 251]
    assert [*violations(Namespace(spec={"finalizers": finalizers}))] == []


@pytest.mark.parametrize(
    ("asked", "given"), [([], ["kubernetes"]), (["a/b"], ["a/b", "kubernetes"]), (["kubernetes"], ["kubernetes"])]
)
def test_the_cluster_finishes_too(asked: list[str], given: list[str]) -> None:
    namespace = Namespace(spec={"finalizers": asked}, status={"phase": NAMESPACE_PHASE_TERMINATING})
    begin(namespace)
    assert namespace == Namespace(spec={"finalizers": given}, status={"phase": NAMESPACE_PHASE_ACTIVE})


def test_an_update_brings_no_finalizer_back() -> None:
    old = Namespace(spec={"finalizers": ["a/b"]}, status={"phase": NAMESPACE_PHASE_TERMINATING})
    new = Namespace(spec={"finalizers": ["a/b", "kubernetes"]}, status={"phase": NAMESPACE_PHASE_ACTIVE})
    keep(new, old)
    assert new == old
