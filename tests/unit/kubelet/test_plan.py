from __future__ import annotations

from dataclasses import replace

import pytest

from peapod.kubelet.naming import NETWORK, spec_hash
from peapod.kubelet.planning.actions import (
    CleanUp,
    EnsureImage,
    Release,
    Remove,
    SetUpVolumes,
    StartContainer,
    StartNetwork,
    Stop,
)
from peapod.kubelet.planning.goal import Goal, Intent
from peapod.kubelet.planning.memory import Failure, Memory, Now
from peapod.kubelet.planning.plan import Plan, plan
from peapod.kubelet.runtime.runtime import Observed
from peapod.v1 import pod_pb2
from tests.support.pods import at, make_pod, network, seen

NEVER = pod_pb2.RESTART_POLICY_NEVER
ON_FAILURE = pod_pb2.RESTART_POLICY_ON_FAILURE


def plan_run(pod: pod_pb2.Pod, *observed: Observed, now: float = 100, memory: Memory | None = None) -> Plan:
    goal = Goal(pod.metadata.uid, Intent.RUN, pod)
    return plan(goal, observed, memory or Memory(), Now(at(now), now))


def stopped(made: Plan) -> list[list[str]]:
    return [[act.part for act in step if isinstance(act, Stop)] for step in made.steps]


def removed(made: Plan) -> list[str]:
    return [act.one.id for step in made.steps for act in step if isinstance(act, Remove)]


def started(made: Plan) -> list[tuple[str, int]]:
    return [(act.part, act.attempt) for step in made.steps for act in step if isinstance(act, StartContainer)]


def test_a_new_pod_gets_volumes_network_and_images_and_then_its_containers() -> None:
    pod = make_pod("a", "b")
    key = spec_hash(pod.spec)
    made = plan_run(pod)
    assert made.steps == (
        (SetUpVolumes(), StartNetwork(0, key), EnsureImage("a"), EnsureImage("b")),
        (StartContainer("a", 0, key), StartContainer("b", 0, key)),
    )
    assert made.sentence == "starts the network container (attempt 0) and a (attempt 0) and b (attempt 0)"


def test_a_pod_that_runs_is_left_alone() -> None:
    pod = make_pod("a", "b")
    assert plan_run(pod, network(pod), seen(pod, "a"), seen(pod, "b")) == Plan()


def test_without_network_containers_none_is_started() -> None:
    pod = make_pod()
    made = plan(Goal("uid-1", Intent.RUN, pod, needs_network=False), (), Memory(), Now(at(0), 0))
    assert not any(isinstance(act, StartNetwork) for step in made.steps for act in step)
    assert started(made) == [("main", 0)]


def test_when_the_network_container_is_dead_everything_stops_before_anything_starts() -> None:
    pod = make_pod("a", "b")
    dead = network(pod, ran=(0, 50))
    made = plan_run(pod, dead, seen(pod, "a"), seen(pod, "b"))
    assert stopped(made) == [["a", "b"]]
    after = plan_run(pod, dead, seen(pod, "a", ran=(0, 60), code=137), seen(pod, "b", ran=(0, 60), code=143))
    assert started(after) == [("a", 1), ("b", 1)]
    assert StartNetwork(1, spec_hash(pod.spec)) in after.steps[0]


def test_a_container_that_ended_with_its_network_has_not_done_its_work() -> None:
    pod = make_pod("a", "b", policy=ON_FAILURE)
    done, ended_with_network = seen(pod, "a", ran=(0, 40)), seen(pod, "b", ran=(0, 60))
    made = plan_run(pod, network(pod, ran=(0, 50)), done, ended_with_network)
    assert started(made) == [("b", 1)]


def test_under_never_a_container_that_lost_its_network_stays_down() -> None:
    pod = make_pod(policy=NEVER)
    made = plan_run(pod, network(pod, ran=(0, 50)), seen(pod, ran=(0, 60), code=137), memory=Memory(released=True))
    assert made == Plan()


@pytest.mark.parametrize("intent", [Intent.RUN, Intent.REST])
def test_a_pod_that_is_over_gives_up_what_others_may_wait_for_once_nothing_runs(intent: Intent) -> None:
    pod = make_pod(policy=NEVER)
    goal, ended, now = Goal("uid-1", intent, pod), seen(pod, ran=(0, 60)), Now(at(100), 100)
    assert stopped(plan(goal, [network(pod), ended], Memory(), now)) == [[NETWORK]]
    assert plan(goal, [network(pod, ran=(0, 70)), ended], Memory(), now) == Plan(((Release(),),))
    assert plan(goal, [network(pod, ran=(0, 70)), ended], Memory(released=True), now) == Plan()


def test_a_changed_spec_stops_the_whole_pod_the_network_container_last() -> None:
    pod = make_pod("a", "b")
    before = [network(pod), seen(pod, "a"), seen(pod, "b")]
    pod.spec.containers[0].image = "hollow/new"
    made = plan_run(pod, *before)
    assert stopped(made) == [["a", "b"], [NETWORK]]
    assert made.sentence == "stops a and b and the network container: the pod's spec has changed"


@pytest.mark.parametrize("policy", [NEVER, ON_FAILURE, pod_pb2.RESTART_POLICY_ALWAYS])
def test_after_a_changed_spec_everything_starts_afresh_whatever_the_policy(policy: pod_pb2.RestartPolicy) -> None:
    old = make_pod("a", policy=policy)
    ended = [network(old, ran=(0, 99)), seen(old, "a", ran=(0, 99))]
    new = make_pod("a", policy=policy, image="hollow/new")
    assert started(plan_run(new, *ended)) == [("a", 1)]
    assert StartNetwork(1, spec_hash(new.spec)) in plan_run(new, *ended).steps[0]


def test_the_first_end_is_followed_by_a_start_at_once() -> None:
    pod = make_pod()
    assert started(plan_run(pod, network(pod), seen(pod, ran=(0, 100), code=1))) == [("main", 1)]


def test_a_second_end_in_a_row_waits_ten_seconds() -> None:
    pod = make_pod()
    crashes = [seen(pod, attempt=0, ran=(0, 95)), seen(pod, attempt=1, ran=(95.3, 98))]
    made = plan_run(pod, network(pod), *crashes)
    assert (made.steps, made.wake_after) == ((), pytest.approx(8))
    assert started(plan_run(pod, network(pod), *crashes, now=108)) == [("main", 2)]


def test_the_waits_double_up_to_five_minutes_from_what_can_be_observed_alone() -> None:
    pod = make_pod()
    ended, waits = [seen(pod, ran=(0, 1))], []
    time = 1.0
    for attempt in range(1, 9):
        made = plan_run(pod, network(pod), *ended[-2:], now=time)
        waits.append(made.wake_after or 0)
        time += waits[-1] + 0.4
        ended.append(seen(pod, attempt=attempt, ran=(time, time + 1)))
        time += 1
    assert waits == pytest.approx([0, 10, 20, 40, 80, 160, 300, 300])


def test_ten_minutes_of_running_start_the_waits_over() -> None:
    pod = make_pod()
    long_run = [seen(pod, attempt=4, ran=(0, 10)), seen(pod, attempt=5, ran=(170, 771), code=1)]
    assert started(plan_run(pod, network(pod), *long_run, now=771)) == [("main", 6)]


def test_a_wall_clock_that_was_set_back_does_not_hold_a_restart_up() -> None:
    pod = make_pod()
    crashes = [seen(pod, attempt=0, ran=(7000, 7200)), seen(pod, attempt=1, ran=(7201, 7205))]
    memory = Memory(ended={crashes[1].id: 50.0})
    waiting = plan(Goal("uid-1", Intent.RUN, pod), [network(pod), *crashes], memory, Now(at(100), 51))
    assert waiting.wake_after == pytest.approx(9)
    due = plan(Goal("uid-1", Intent.RUN, pod), [network(pod), *crashes], memory, Now(at(109), 60))
    assert started(due) == [("main", 2)]


def test_what_failed_is_tried_again_when_its_pause_is_over() -> None:
    pod = make_pod("a", "b")
    memory = Memory(failures={"a": Failure("ErrImagePull", "no such image", retry_at=110)})
    made = plan_run(pod, network(pod), memory=memory)
    assert (started(made), made.wake_after) == ([("b", 0)], 10)
    assert started(plan_run(pod, network(pod), memory=memory, now=110)) == [("a", 0), ("b", 0)]


def test_what_failed_for_the_whole_pod_holds_all_containers_back() -> None:
    memory = Memory(failures={"": Failure("FailedMount", "no such directory", retry_at=103)})
    made = plan_run(make_pod("a", "b"), memory=memory)
    assert (made.steps, made.wake_after) == ((), 3)


def test_a_container_that_was_created_and_not_started_keeps_its_attempt() -> None:
    pod = make_pod()
    assert started(plan_run(pod, network(pod), seen(pod, created=True, since=1))) == [("main", 0)]


def test_a_container_that_was_created_for_a_network_that_is_gone_gets_a_new_attempt() -> None:
    pod = make_pod()
    both = [network(pod, 0, ran=(0, 5)), network(pod, 1, since=8)]
    assert started(plan_run(pod, *both, seen(pod, created=True, since=1))) == [("main", 1)]


def test_one_corpse_is_kept_beside_the_present_instance() -> None:
    pod = make_pod()
    corpses = [seen(pod, attempt=n, ran=(n, n + 0.5)) for n in range(4)]
    made = plan_run(pod, network(pod), *corpses, seen(pod, attempt=4, since=10))
    assert removed(made) == ["uid-1-main-2", "uid-1-main-1", "uid-1-main-0"]


def test_when_only_the_network_container_is_left_it_is_stopped() -> None:
    pod = make_pod("a", "b", policy=NEVER)
    made = plan_run(pod, network(pod), seen(pod, "a", ran=(0, 9)), seen(pod, "b", ran=(0, 9), code=1))
    assert stopped(made) == [[NETWORK]]


def test_on_failure_starts_only_what_failed() -> None:
    pod = make_pod("a", "b", policy=ON_FAILURE)
    made = plan_run(pod, network(pod), seen(pod, "a", ran=(0, 9)), seen(pod, "b", ran=(0, 9), code=1))
    assert started(made) == [("b", 1)]


def test_a_pod_that_is_gone_is_stopped_and_removed_and_then_cleaned_up() -> None:
    pod = make_pod("a")
    pod.spec.termination_grace_period_seconds = 3
    goal = Goal("uid-1", Intent.REMOVE, pod)
    now = Now(at(100), 100)
    made = plan(goal, [network(pod), seen(pod, "a"), seen(pod, "a", 1, ran=(0, 1))], Memory(), now)
    assert [len(step) for step in made.steps] == [1, 1, 3]
    assert made.steps[0] == (Stop(seen(pod, "a"), 3, "the pod is gone"),)
    assert not made.last
    assert plan(goal, [], Memory(), now) == Plan(((CleanUp(),),), last=True)


def test_a_pod_at_rest_runs_nothing_and_keeps_its_remains() -> None:
    pod = make_pod("a", "b")
    observed = [network(pod), seen(pod, "a"), seen(pod, "b", ran=(0, 5))]
    made = plan(Goal("uid-1", Intent.REST, pod), observed, Memory(), Now(at(100), 100))
    assert stopped(made) == [["a"], [NETWORK]]
    assert removed(made) == []


def test_the_count_goes_on_when_somebody_removed_every_instance() -> None:
    pod = make_pod("a")
    pod.status.container_statuses.add(name="a", restart_count=6, container_id="docker://x")
    assert started(plan_run(pod)) == [("a", 7)]


def test_a_network_container_that_keeps_dying_is_started_after_a_pause() -> None:
    pod = make_pod()
    dying = [network(pod, 0, ran=(0, 90)), network(pod, 1, ran=(91, 99))]
    made = plan_run(pod, *dying, seen(pod, attempt=1, ran=(92, 99.5), code=137))
    assert (made.steps, made.wake_after) == ((), pytest.approx(9))


def test_of_two_running_instances_the_older_is_stopped() -> None:
    pod = make_pod()
    made = plan_run(pod, network(pod), seen(pod, attempt=0), seen(pod, attempt=1))
    assert [act.one.name.attempt for step in made.steps for act in step if isinstance(act, Stop)] == [0]


def test_containers_of_another_pod_are_not_seen() -> None:
    pod, other = make_pod(), make_pod(uid="uid-2", name="other")
    strangers = [network(other), seen(other), replace(seen(other, attempt=1), id="x")]
    assert plan_run(pod, network(pod), seen(pod), *strangers) == Plan()


@pytest.mark.parametrize(
    ("policy", "code", "again"), [(NEVER, 1, []), (ON_FAILURE, 0, []), (ON_FAILURE, 1, [("a", 3)])]
)
def test_what_was_told_decides_when_somebody_removed_what_had_ended(
    policy: pod_pb2.RestartPolicy, code: int, again: list[tuple[str, int]]
) -> None:
    pod = make_pod("a", "b", policy=policy)
    told = pod.status.container_statuses.add(name="a", image="hollow/web", container_id="docker://1", restart_count=2)
    told.state.terminated.exit_code = code
    there = [network(pod), seen(pod, "b")]
    assert started(plan_run(pod, *there)) == again


def test_what_was_told_of_another_image_decides_nothing() -> None:
    pod = make_pod("a", policy=NEVER, image="hollow/new")
    told = pod.status.container_statuses.add(name="a", image="hollow/web", container_id="docker://1", restart_count=2)
    told.state.terminated.exit_code = 0
    assert started(plan_run(pod, network(pod))) == [("a", 3)]


def test_a_container_that_is_unwell_is_stopped_and_nothing_else() -> None:
    pod = make_pod("a", "b")
    pod.spec.termination_grace_period_seconds = 7
    observed = [network(pod), seen(pod, "a"), seen(pod, "b")]
    memory = Memory(unwell={"uid-1-a-0": "its liveness probe failed", "uid-1-b-7": "long gone"})
    made = plan_run(pod, *observed, memory=memory)
    assert made.steps == ((Stop(observed[1], 7, "its liveness probe failed"),),)
    assert made.sentence == "stops a: its liveness probe failed"


def test_what_was_unwell_is_started_again_as_after_any_end() -> None:
    pod = make_pod("a", "b")
    ended = seen(pod, "a", ran=(0, 90), code=143)
    assert started(plan_run(pod, network(pod), ended, seen(pod, "b"))) == [("a", 1)]


def test_a_long_pause_that_nobody_asked_for_starts_the_waits_over() -> None:
    pod = make_pod()
    away = [seen(pod, attempt=4, ran=(0, 10)), seen(pod, attempt=5, ran=(700, 701), code=1)]
    assert started(plan_run(pod, network(pod), *away, now=701)) == [("main", 6)]


def test_under_never_what_has_run_is_not_started_again_when_somebody_removed_it() -> None:
    pod = make_pod("a", "b", policy=NEVER)
    ran = pod.status.container_statuses.add(name="a", image="hollow/web", container_id="docker://x")
    ran.state.running.SetInParent()
    waits = pod.status.container_statuses.add(name="b", image="hollow/web", container_id="docker://y")
    waits.state.waiting.SetInParent()
    assert started(plan_run(pod, network(pod))) == [("b", 1)]
