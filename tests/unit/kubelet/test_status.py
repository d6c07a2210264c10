from __future__ import annotations

import pytest

from peapod.kubelet.naming import NETWORK, spec_hash
from peapod.kubelet.planning.fate import Scene
from peapod.kubelet.planning.instances import Instances
from peapod.kubelet.planning.memory import Failure, Memory, Now
from peapod.kubelet.runtime.runtime import Observed
from peapod.kubelet.status import Place, refused, status_of
from peapod.v1 import meta_pb2, pod_pb2
from tests.support.pods import at, make_pod, network, seen

NEVER = pod_pb2.RESTART_POLICY_NEVER
ON_FAILURE = pod_pb2.RESTART_POLICY_ON_FAILURE
PENDING, RUNNING = pod_pb2.POD_PHASE_PENDING, pod_pb2.POD_PHASE_RUNNING
SUCCEEDED, FAILED = pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED
PLACE = Place("10.0.0.1", "docker", at(5))


def tell(
    pod: pod_pb2.Pod, *observed: Observed, memory: Memory | None = None, needs_network: bool = True
) -> pod_pb2.PodStatus:
    instances = Instances.of(pod.metadata.uid, observed)
    scene = Scene(pod, spec_hash(pod.spec), needs_network, instances, memory or Memory(), Now(at(100), 100))
    return status_of(scene, PLACE)


def ready(status: pod_pb2.PodStatus) -> bool:
    return status.conditions[0].status == meta_pb2.CONDITION_STATUS_TRUE


def test_a_pod_whose_containers_are_yet_to_come_is_pending() -> None:
    status = tell(make_pod("a", "b"))
    assert status.phase == PENDING
    assert not ready(status)
    assert [one.name for one in status.container_statuses] == ["a", "b"]
    assert status.container_statuses[0].state.waiting.reason == "ContainerCreating"
    assert status.container_statuses[0].image == "hollow/web"
    assert (status.host_ip, status.start_time.ToDatetime(at(0).tzinfo)) == ("10.0.0.1", at(5))


def test_a_pod_whose_containers_all_run_is_running_and_ready() -> None:
    pod = make_pod("a", "b")
    status = tell(pod, network(pod), seen(pod, "a", since=10), seen(pod, "b", attempt=2, since=10))
    assert (status.phase, ready(status), status.pod_ip) == (RUNNING, True, "10.1.2.3")
    first, second = status.container_statuses
    assert first.state.running.started_at.ToDatetime(at(0).tzinfo) == at(10)
    assert (first.container_id, first.image_id) == ("docker://uid-1-a-0", "docker://1234")
    assert (first.ready, first.restart_count, second.restart_count) == (True, 0, 2)


def test_one_container_that_is_yet_to_come_keeps_the_pod_pending() -> None:
    pod = make_pod("a", "b")
    assert tell(pod, network(pod), seen(pod, "a")).phase == PENDING


def test_without_a_network_container_the_address_is_the_containers() -> None:
    pod = make_pod()
    assert tell(pod, seen(pod, ip="127.0.0.1"), needs_network=False).pod_ip == "127.0.0.1"


def test_on_the_nodes_network_the_address_is_the_nodes_once_anything_runs() -> None:
    pod = make_pod()
    pod.spec.host_network = True
    assert tell(pod).pod_ip == ""
    assert tell(pod, seen(pod, NETWORK), seen(pod)).pod_ip == PLACE.host_ip


def test_a_crash_loop_is_a_running_pod_that_is_not_ready() -> None:
    pod = make_pod()
    crashes = [seen(pod, attempt=0, ran=(0, 95)), seen(pod, attempt=1, ran=(95.3, 98), code=3)]
    status = tell(pod, network(pod), *crashes)
    assert (status.phase, ready(status)) == (RUNNING, False)
    container = status.container_statuses[0]
    assert container.state.waiting.reason == status.reason == "CrashLoopBackOff"
    assert (container.restart_count, container.last_state.terminated.exit_code) == (1, 3)


def test_the_state_before_the_last_restart_is_kept() -> None:
    pod = make_pod()
    killed = seen(pod, attempt=0, ran=(1, 50), code=137)
    container = tell(pod, network(pod), killed, seen(pod, attempt=1, since=51)).container_statuses[0]
    last = container.last_state.terminated
    assert (last.exit_code, last.signal, last.reason) == (137, 9, "Error")
    assert last.container_id == "docker://uid-1-main-0"
    assert (last.started_at.ToDatetime(at(0).tzinfo), last.finished_at.ToDatetime(at(0).tzinfo)) == (at(1), at(50))


@pytest.mark.parametrize(
    ("policy", "codes", "phase"),
    [
        (NEVER, (0, 0), SUCCEEDED),
        (NEVER, (0, 1), FAILED),
        (ON_FAILURE, (0, 0), SUCCEEDED),
        (ON_FAILURE, (0, 1), RUNNING),
        (pod_pb2.RESTART_POLICY_ALWAYS, (0, 0), RUNNING),
    ],
)
def test_when_all_have_ended_the_policy_decides(
    policy: pod_pb2.RestartPolicy, codes: tuple[int, int], phase: pod_pb2.PodPhase
) -> None:
    pod = make_pod("a", "b", policy=policy)
    ended = [seen(pod, name, ran=(0, 90), code=code) for name, code in zip("ab", codes, strict=True)]
    assert tell(pod, network(pod), *ended).phase == phase


def test_a_pod_of_which_one_container_has_done_its_work_runs_on() -> None:
    pod = make_pod("a", "b", policy=ON_FAILURE)
    status = tell(pod, network(pod), seen(pod, "a", ran=(0, 9)), seen(pod, "b"))
    assert (status.phase, ready(status)) == (RUNNING, False)
    assert status.container_statuses[0].state.terminated.reason == "Completed"


def test_what_failed_is_why_a_container_waits() -> None:
    memory = Memory(failures={"b": Failure("ErrImagePull", "there is no such image", retry_at=110)})
    pod = make_pod("a", "b")
    status = tell(pod, network(pod), seen(pod, "a"), memory=memory)
    assert (status.phase, status.reason, status.message) == (PENDING, "ErrImagePull", "there is no such image")
    assert status.container_statuses[1].state.waiting.reason == "ErrImagePull"


def test_a_failure_that_is_tried_again_just_now_still_shows() -> None:
    pod = make_pod()
    memory = Memory(failures={"main": Failure("ErrImagePull", "gone", retry_at=90)})
    container = tell(pod, network(pod), seen(pod, ran=(0, 50)), memory=memory).container_statuses[0]
    assert container.state.waiting.reason == "ErrImagePull"
    assert container.last_state.HasField("terminated")


def test_the_first_start_time_stays() -> None:
    pod = make_pod()
    pod.status.start_time.FromDatetime(at(1))
    assert tell(pod).start_time == pod.status.start_time


def test_a_pod_that_is_over_stays_what_it_is() -> None:
    pod = make_pod(policy=NEVER)
    pod.status.phase, pod.status.message = SUCCEEDED, "done"
    assert tell(pod) == pod.status


def test_when_somebody_removed_the_containers_their_count_and_last_state_stay() -> None:
    pod = make_pod()
    told = tell(pod, network(pod), seen(pod, attempt=3, ran=(0, 95), code=7), memory=Memory())
    pod.status.CopyFrom(told)
    container = tell(pod).container_statuses[0]
    assert (container.restart_count, container.last_state.terminated.exit_code) == (3, 7)


def test_a_refused_pod_has_failed_and_says_why() -> None:
    status = refused(make_pod("a"), "HostPortConflict", "port 80 is taken", PLACE)
    assert (status.phase, status.reason, status.message) == (FAILED, "HostPortConflict", "port 80 is taken")
    assert not ready(status)


@pytest.mark.parametrize(("policy", "code"), [(NEVER, 3), (NEVER, 0), (ON_FAILURE, 0)])
def test_a_container_that_has_done_its_work_stays_done_when_its_remains_are_removed(
    policy: pod_pb2.RestartPolicy, code: int
) -> None:
    pod = make_pod("works", "serves", policy=policy)
    serves = seen(pod, "serves", since=1)
    before = tell(pod, network(pod), seen(pod, "works", ran=(1, 2), code=code), serves)
    pod.status.CopyFrom(before)
    assert tell(pod, network(pod), serves) == before


def test_a_container_that_failed_is_started_again_when_its_remains_are_removed() -> None:
    pod = make_pod("works", policy=ON_FAILURE)
    pod.status.CopyFrom(tell(pod, network(pod), seen(pod, "works", attempt=1, ran=(1, 2), code=3)))
    told = tell(pod, network(pod)).container_statuses[0]
    assert told.state.waiting.reason == "ContainerCreating"


def probed() -> pod_pb2.Pod:
    pod = make_pod()
    pod.spec.containers[0].readiness_probe.handler.tcp_socket.port.number = 80
    return pod


@pytest.mark.parametrize("known", [True, False])
def test_a_container_that_is_asked_is_as_ready_as_it_said_last(known: bool) -> None:
    pod = probed()
    status = tell(pod, network(pod), seen(pod), memory=Memory(ready={"uid-1-main-0": known}))
    assert (status.phase, status.container_statuses[0].ready, ready(status)) == (RUNNING, known, known)


def test_until_it_is_asked_only_the_very_instance_that_was_ready_is() -> None:
    pod = probed()
    assert not ready(tell(pod, network(pod), seen(pod)))
    pod.status.CopyFrom(tell(pod, network(pod), seen(pod), memory=Memory(ready={"uid-1-main-0": True})))
    assert ready(tell(pod, network(pod), seen(pod)))
    assert not ready(tell(pod, network(pod), seen(pod, ran=(0, 90)), seen(pod, attempt=1, since=91)))


def test_a_container_of_never_that_somebody_removed_while_it_ran_has_failed() -> None:
    pod = make_pod(policy=NEVER)
    pod.status.CopyFrom(tell(pod, network(pod), seen(pod)))
    status = tell(pod)
    assert (status.phase, ready(status)) == (FAILED, False)
    assert status.container_statuses[0].state.terminated.reason == "ContainerGone"
