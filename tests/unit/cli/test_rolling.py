"""What a rolling update decides."""

from __future__ import annotations

import pytest

from peapod.common.errors import Invalid
from peapod.v1.replication_controller_pb2 import ReplicationController
from peapod_cli import rolling
from peapod_cli.rolling import DESIRED, SOURCE, Counts


def controller(name: str = "new", replicas: int = 2, uid: str = "", **selector: str) -> ReplicationController:
    made = ReplicationController(metadata={"name": name, "uid": uid})
    made.spec.replicas = replicas
    made.spec.selector.update(selector or {"version": "2"})
    return made


OLD = controller("old", 3, "u1", app="shop", version="1")


@pytest.mark.parametrize(
    ("new", "count"),
    [
        (controller(), 0),
        (controller(app="shop", version="2"), 0),
        (controller("old"), 1),
        (controller(version="1"), 1),
        (controller(tier="front"), 1),
        (controller(replicas=0), 1),
        (controller("old", 0, version="1"), 3),
    ],
)
def test_everything_that_forbids_an_update_is_said(new: ReplicationController, count: int) -> None:
    assert len(list(rolling.problems(OLD, new))) == count


def test_a_begun_update_is_known_again_and_no_other_is() -> None:
    new = controller()
    assert not rolling.goes_on(new, "old", OLD)
    rolling.begin(OLD, new)
    assert dict(new.metadata.annotations) == {SOURCE: "old:u1", DESIRED: "2"}
    assert (new.spec.replicas, rolling.desired(new)) == (0, 2)
    assert rolling.goes_on(new, "old", OLD)
    assert rolling.goes_on(new, "old", None)
    assert not rolling.goes_on(new, "old", controller("old", uid="u2"))
    assert not rolling.goes_on(new, "ol", None)


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5"])
def test_an_annotation_that_somebody_spoiled_is_named(text: str) -> None:
    new = controller()
    new.metadata.annotations[DESIRED] = text
    with pytest.raises(Invalid, match="desired-replicas of new must be a number"):
        rolling.desired(new)


@pytest.mark.parametrize(("old", "new", "wanted"), [(3, 0, 3), (3, 0, 1), (1, 0, 4), (0, 0, 2), (3, 2, 3)])
def test_steps_take_one_and_give_one_until_there_is_nothing_to_take_or_to_give(old: int, new: int, wanted: int) -> None:
    now, steps = Counts(old, new), 0
    while following := rolling.next_counts(now, wanted):
        assert following == Counts(now.old - 1, now.new + 1)
        now, steps = following, steps + 1
    assert steps == min(old, wanted - new)
