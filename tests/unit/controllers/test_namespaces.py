from __future__ import annotations

import pytest

from peapod.common.kinds import EVENT, KINDS, POD, REPLICATION_CONTROLLER
from peapod.controllers.namespaces.decide import CONTENTS, finalized, may_go, must_be_emptied
from peapod.v1.namespace_pb2 import NAMESPACE_PHASE_ACTIVE, NAMESPACE_PHASE_TERMINATING, Namespace, NamespacePhase

STANDARD = "kubernetes"


def make_namespace(phase: NamespacePhase, *finalizers: str) -> Namespace:
    return Namespace(metadata={"name": "shop"}, spec={"finalizers": finalizers}, status={"phase": phase})


@pytest.mark.parametrize(
    ("phase", "finalizers", "emptied", "goes"),
    [
        (NAMESPACE_PHASE_ACTIVE, [STANDARD], False, False),
        (NAMESPACE_PHASE_ACTIVE, [], False, False),
        (NAMESPACE_PHASE_TERMINATING, [STANDARD], True, False),
        (NAMESPACE_PHASE_TERMINATING, ["example.com/backup", STANDARD], True, False),
        (NAMESPACE_PHASE_TERMINATING, ["example.com/backup"], False, False),
        (NAMESPACE_PHASE_TERMINATING, [], False, True),
    ],
)
def test_a_namespace_is_emptied_first_and_goes_when_nobody_holds_it(
    phase: NamespacePhase, finalizers: list[str], emptied: bool, goes: bool
) -> None:
    namespace = make_namespace(phase, *finalizers)
    assert (must_be_emptied(namespace), may_go(namespace)) == (emptied, goes)


def test_the_others_who_hold_a_namespace_are_kept() -> None:
    namespace = make_namespace(NAMESPACE_PHASE_TERMINATING, "example.com/backup", STANDARD)
    assert list(finalized(namespace).spec.finalizers) == ["example.com/backup"]
    assert len(namespace.spec.finalizers) == 2


def test_every_kind_that_lives_in_namespaces_is_removed_and_what_makes_pods_before_them() -> None:
    assert {kind for kind in KINDS if kind.namespaced} == set(CONTENTS)
    assert len(set(CONTENTS)) == len(CONTENTS)
    assert CONTENTS.index(REPLICATION_CONTROLLER) < CONTENTS.index(POD) < CONTENTS.index(EVENT)
