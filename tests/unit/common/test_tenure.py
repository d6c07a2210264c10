from __future__ import annotations

import pytest

from peapod.common.tenure import patience, released, renewed, same_tenure, taken
from peapod.rules.lease import update_violations, violations
from peapod.v1.lease_pb2 import Lease

HELD = taken(None, "scheduler", "one", 6)


@pytest.mark.parametrize(
    ("lease", "unchanged", "left"),
    [
        (None, 0, 0),
        (HELD, 0, 6),
        (HELD, 4.5, 1.5),
        (HELD, 6, 0),
        (HELD, 60, 0),
        (released(HELD), 0, 0),
        (taken(HELD, "scheduler", "two", 6), 0, 0),
    ],
    ids=["none yet", "just renewed", "some time ago", "run out", "long ago", "let go of", "own earlier self"],
)
def test_a_lease_is_left_alone_while_it_holds(lease: Lease | None, unchanged: float, left: float) -> None:
    assert patience(lease, "two", unchanged) == left


def test_each_holder_is_one_more() -> None:
    second = taken(HELD, "scheduler", "two", 6)
    assert [lease.spec.transitions for lease in (HELD, second, taken(second, "scheduler", "two", 6))] == [1, 2, 3]
    assert [lease.spec.holder_identity for lease in (HELD, second)] == ["one", "two"]


def test_neither_renewing_nor_letting_go_changes_hands() -> None:
    assert renewed(HELD).spec.transitions == released(HELD).spec.transitions == HELD.spec.transitions
    assert same_tenure(HELD, renewed(HELD))
    assert not same_tenure(HELD, released(HELD))
    assert not same_tenure(HELD, taken(HELD, "scheduler", "one", 6))


def test_all_that_is_written_is_allowed() -> None:
    second = taken(released(HELD), "scheduler", "two", 6)
    for old, new in ((HELD, renewed(HELD)), (HELD, released(HELD)), (released(HELD), second), (HELD, second)):
        assert [*violations(new), *update_violations(new, old)] == []
