from __future__ import annotations

import pytest

from peapod.common.kinds import EVENT, KINDS, POD, REPLICATION_CONTROLLER
from peapod.controllers.namespaces.decide import CONTENTS, finalized, must_be_emptied
from peapod.v1.namespace_pb2 import NAMESPACE_PHASE_ACTIVE, NAMESPACE_PHASE_TERMINATING, Namespace, NamespacePhase

STANDARD = "kubernetes"


def make_namespace(phase: NamespacePhase, *finalizers: str) -> Namespace:
    return Namespace(metadata={"name": "shop"}, spec={"finalizers": finalizers}, status={"phase": phase})


@pytest.mark.parametrize(
    ("phase", "finalizers", "emptied"),
    [
        (NAMESPACE_PHASE_ACTIVE, [STANDARD], False),
        (NAMESPACE_PHASE_TERMINATING, [STANDARD], True),
        (NAMESPACE_PHASE_TERMINATING, ["example.com/backup", STANDARD], True),
        (NAMESPACE_PHASE_TERMINATING, ["example.com/backup"], False),
    ],
)
def test_a_namespace_that_is_to_go_is_emptied_once(phase: NamespacePhase, finalizers: list[str], emptied: bool) -> None:
    assert must_be_emptied(make_namespace(phase, *finalizers)) == emptied


def test_the_others_who_hold_a_namespace_are_kept() -> None:
    namespace = make_namespace(NAMESPACE_PHASE_TERMINATING, "example.com/backup", STANDARD)
    assert list(finalized(namespace).spec.finalizers) == ["example.com/backup"]
    assert len(namespace.spec.finalizers) == 2


def test_every_kind_that_lives_in_namespaces_is_removed_and_what_makes_pods_before_them() -> None:
    assert {kind for kind in KINDS if kind.namespaced} == set(CONTENTS)
    assert len(set(CONTENTS)) == len(CONTENTS)
    assert CONTENTS.index(REPLICATION_CONTROLLER) < CONTENTS.index(POD) < CONTENTS.index(EVENT)
