from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod.common.names import dns_subdomain_problem
from peapod.controllers.replication.decide import BURST, decide, made
from peapod.controllers.replication.names import free_names
from peapod.rules.mirror import MIRROR
from peapod.v1 import pod_pb2
from peapod.v1.replication_controller_pb2 import ReplicationController
from tests.support.controllers import make_controller
from tests.support.objects import TRUE, make_pod

PENDING, RUNNING, SUCCEEDED, FAILED, LOST = (
    pod_pb2.POD_PHASE_PENDING,
    pod_pb2.POD_PHASE_RUNNING,
    pod_pb2.POD_PHASE_SUCCEEDED,
    pod_pb2.POD_PHASE_FAILED,
    pod_pb2.POD_PHASE_UNKNOWN,
)


def controller(replicas: int, name: str = "shop", uid: str = "uid-shop") -> ReplicationController:
    made = make_controller(name, replicas)
    made.metadata.uid = uid
    return made


def pod(
    name: str, *, node: str = "n1", phase: pod_pb2.PodPhase = RUNNING, ready: bool = True, age: int = 0
) -> pod_pb2.Pod:
    made = make_pod(name, node=node, phase=phase)
    made.metadata.creation_timestamp.seconds = 1000 - age
    if ready:
        made.status.conditions.add(type="Ready", status=TRUE)
    return made


def never(_name: str) -> bool:
    return False


def test_what_is_missing_is_made_and_what_is_too_much_goes() -> None:
    pods = [pod("a"), pod("b")]
    assert len(decide(controller(5), pods, never).create) == 3
    assert decide(controller(2), pods, never).create == decide(controller(2), pods, never).delete == ()
    assert len(decide(controller(0), pods, never).delete) == 2


@pytest.mark.parametrize("phase", [SUCCEEDED, FAILED])
def test_a_pod_that_is_over_does_not_count(phase: pod_pb2.PodPhase) -> None:
    decision = decide(controller(1), [pod("over", phase=phase)], never)
    assert (decision.replicas, len(decision.create), decision.delete) == (0, 1, ())


def test_a_pod_that_its_node_made_by_itself_is_neither_counted_nor_deleted() -> None:
    mirror = pod("mirror")
    mirror.metadata.annotations[MIRROR] = "uid"
    assert decide(controller(0), [mirror], never).delete == ()
    assert len(decide(controller(1), [mirror], never).create) == 1


def test_who_is_missed_least_goes_first() -> None:
    order = [
        pod("nowhere", node="", phase=PENDING, ready=False, age=99),
        pod("pending", phase=PENDING, ready=False, age=98),
        pod("lost", phase=LOST, ready=False, age=50),
        pod("unready", ready=False, age=97),
        pod("young", age=1),
        pod("old", age=2),
    ]
    shuffled = random.sample(order, len(order))
    for keep in range(len(order)):
        decision = decide(controller(keep), shuffled, never)
        assert [one.metadata.name for one in decision.delete] == [
            one.metadata.name for one in order[: len(order) - keep]
        ]


def test_what_was_to_be_deleted_is_not_counted_on_and_goes_first_whatever_is_asked_for() -> None:
    pods = [pod("a"), pod("b"), pod("c")]
    decision = decide(controller(3), pods, never, {"uid-b"})
    assert [one.metadata.name for one in decision.delete] == ["b"]
    assert (decision.replicas, len(decision.create)) == (3, 1)
    decision = decide(controller(1), pods, never, {"uid-b"})
    assert decision.delete[0].metadata.name == "b"
    assert len(decision.delete) == 2


def test_no_more_than_a_burst_at_a_time() -> None:
    assert len(decide(controller(1000), [], never).create) == BURST
    assert len(decide(controller(0), [pod(str(number)) for number in range(200)], never).delete) == BURST


def test_a_pod_is_made_as_the_template_says() -> None:
    owner = controller(1)
    owner.spec.template.metadata.annotations["a"] = "b"
    one = made(owner, "shop-12345")
    assert (one.metadata.name, one.metadata.namespace) == ("shop-12345", "default")
    assert dict(one.metadata.labels) == dict(owner.spec.template.metadata.labels)
    assert dict(one.metadata.annotations) == {"a": "b"}
    assert one.spec == owner.spec.template.spec


def test_the_same_wish_has_the_same_names_and_another_controller_has_others() -> None:
    names = [list(itertools.islice(free_names(controller(1, uid=uid), never), 500)) for uid in ("1", "1", "2")]
    assert names[0] == names[1]
    assert len(set(names[0])) == 500
    assert not set(names[0]) & set(names[2])


@given(st.from_regex(r"[a-z0-9]([-a-z0-9]{0,100}[a-z0-9])?", fullmatch=True))
def test_every_name_is_one_that_a_pod_may_have(name: str) -> None:
    for one in itertools.islice(free_names(controller(1, name=name), never), 5):
        assert dns_subdomain_problem(one) is None
        assert len(one) <= 63


@given(st.integers(0, 80), st.data())
def test_two_that_see_different_parts_of_what_there_is_never_make_too_many_between_them(
    replicas: int, data: st.DataObject
) -> None:
    """Each picture is an older state of the truth, of which it misses any of the pods that were made since."""
    owner = controller(replicas)
    truth: dict[str, pod_pb2.Pod] = {}
    for _ in range(data.draw(st.integers(1, 8))):
        unseen = data.draw(st.sets(st.sampled_from(sorted(truth)))) if truth else set()
        picture = {name: one for name, one in truth.items() if name not in unseen}
        for name in decide(owner, picture.values(), picture.__contains__).create:
            truth.setdefault(name, pod(name))
        assert len(truth) <= replicas
