"""What a pod's status says, as a pure function of what is wanted, what is there, and what could not be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from peapod.kubelet.planning.actions import POD
from peapod.kubelet.planning.fate import Fate, Scene, Starts, Waits, last_code
from peapod.kubelet.planning.memory import Failure
from peapod.kubelet.planning.restart import Done
from peapod.kubelet.runtime.runtime import Observed, Phase
from peapod.v1 import meta_pb2, pod_pb2

READY = "Ready"

_OVER = (pod_pb2.POD_PHASE_SUCCEEDED, pod_pb2.POD_PHASE_FAILED)
_MOST_SIGNAL = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pod runs: what the containers themselves don't say."""

    host_ip: str
    scheme: str
    """The word before :// in container ids."""
    start_time: datetime
    """When this node first saw the pod."""


def is_over(status: pod_pb2.PodStatus) -> bool:
    """Tell whether a pod has come to its end: it never runs again, whatever becomes of its remains."""
    return status.phase in _OVER


def refused(pod: pod_pb2.Pod, reason: str, message: str, place: Place) -> pod_pb2.PodStatus:
    """Make the status of a pod that this node does not take."""
    status = pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_FAILED, reason=reason, message=message, host_ip=place.host_ip)
    status.start_time.CopyFrom(_start_time(pod, place))
    status.conditions.add(type=READY, status=meta_pb2.CONDITION_STATUS_FALSE)
    for container in pod.spec.containers:
        state = pod_pb2.ContainerState(waiting=pod_pb2.ContainerStateWaiting(reason=reason, message=message))
        status.container_statuses.add(name=container.name, image=container.image, state=state)
    return status


def status_of(scene: Scene, place: Place) -> pod_pb2.PodStatus:
    """Make the pod's status; that of a pod that is over stays what it is."""
    if is_over(scene.pod.status):
        return scene.pod.status
    fates = {container.name: scene.container(container.name) for container in scene.pod.spec.containers}
    containers = [_container(scene, container, fates[container.name], place) for container in scene.pod.spec.containers]
    status = pod_pb2.PodStatus(
        phase=_phase(containers, fates.values()),
        host_ip=place.host_ip,
        pod_ip=_pod_ip(scene, place),
        container_statuses=containers,
    )
    status.start_time.CopyFrom(_start_time(scene.pod, place))
    ready = all(container.ready for container in containers)
    status.conditions.add(
        type=READY, status=meta_pb2.CONDITION_STATUS_TRUE if ready else meta_pb2.CONDITION_STATUS_FALSE
    )
    _explain(status)
    return status


def _pod_ip(scene: Scene, place: Place) -> str:
    """Find the pod's address; on the node's network, that is the node's as soon as anything of the pod runs."""
    own = scene.instances.address(needs_network=scene.needs_network)
    on_host = scene.pod.spec.host_network and scene.instances.running()
    return own or (place.host_ip if on_host else "")


def _phase(containers: list[pod_pb2.ContainerStatus], fates: Iterable[Fate]) -> pod_pb2.PodPhase:
    """Sum the containers up; one that waits for its next start counts as started."""
    if all(isinstance(fate, Done) for fate in fates):
        good = all(one.state.terminated.exit_code == 0 for one in containers)
        return pod_pb2.POD_PHASE_SUCCEEDED if good else pod_pb2.POD_PHASE_FAILED
    started = all(not one.state.HasField("waiting") or one.last_state.HasField("terminated") for one in containers)
    return pod_pb2.POD_PHASE_RUNNING if started else pod_pb2.POD_PHASE_PENDING


def _explain(status: pod_pb2.PodStatus) -> None:
    for container in status.container_statuses:
        if container.state.waiting.message:
            status.reason, status.message = container.state.waiting.reason, container.state.waiting.message
            return


def _container(scene: Scene, container: pod_pb2.Container, fate: Fate, place: Place) -> pod_pb2.ContainerStatus:
    newest = scene.instances.newest(container.name)
    status = pod_pb2.ContainerStatus(name=container.name, image=container.image)
    if newest is None and isinstance(fate, Done):
        return _done_without_trace(scene.pod.status, container.name)
    if newest is None:
        _keep_past(status, scene.pod.status)
        status.state.waiting.CopyFrom(_waiting(scene, container, fate))
        return status
    status.restart_count = newest.name.attempt
    status.container_id = f"{place.scheme}://{newest.id}"
    status.image_id = f"{place.scheme}://{newest.image_id}" if newest.image_id else ""
    last = scene.instances.remains(container.name)
    if newest.phase is Phase.RUNNING:
        status.ready = _is_ready(scene, container, newest.id, status.container_id)
        status.state.running.started_at.CopyFrom(_time(newest.started_at or newest.created_at))
    elif newest.phase is Phase.EXITED and not _is_waiting(scene, container.name, fate):
        status.state.terminated.CopyFrom(_terminated(newest, place))
    else:
        status.state.waiting.CopyFrom(_waiting(scene, container, fate))
        last = newest if newest.phase is Phase.EXITED else last
    if last is not None:
        status.last_state.terminated.CopyFrom(_terminated(last, place))
    return status


def _is_ready(scene: Scene, container: pod_pb2.Container, id: str, told_id: str) -> bool:
    """Tell whether a container that runs can do its work; until it is asked anew, it can if it was told to before."""
    if id in scene.memory.ready:
        return scene.memory.ready[id]
    if not container.HasField("readiness_probe") and not container.lifecycle.HasField("post_start"):
        return True
    return any(told.ready and told.container_id == told_id for told in scene.pod.status.container_statuses)


def _done_without_trace(told: pod_pb2.PodStatus, name: str) -> pod_pb2.ContainerStatus:
    """Keep what was told of a container that is not started again, though somebody has removed it."""
    past = pod_pb2.ContainerStatus()
    past.CopyFrom(next(one for one in told.container_statuses if one.name == name))
    if not past.state.HasField("terminated"):
        gone = pod_pb2.ContainerStateTerminated(exit_code=last_code(past), reason="ContainerGone")
        gone.message = "the container was removed by somebody else"
        gone.container_id, past.ready = past.container_id, False
        past.state.terminated.CopyFrom(gone)
    return past


def _keep_past(status: pod_pb2.ContainerStatus, told: pod_pb2.PodStatus) -> None:
    """Where no instance is left, go on from what was told last."""
    for past in told.container_statuses:
        if past.name == status.name:
            status.restart_count = past.restart_count
            status.container_id = past.container_id
            status.image_id = past.image_id
            if past.state.HasField("terminated") or past.HasField("last_state"):
                status.last_state.CopyFrom(past.state if past.state.HasField("terminated") else past.last_state)


def _is_waiting(scene: Scene, name: str, fate: Fate) -> bool:
    """Tell whether the next start is put off, or about to be tried again."""
    return isinstance(fate, Waits) or (isinstance(fate, Starts) and _failure(scene, name) is not None)


def _failure(scene: Scene, name: str) -> Failure | None:
    return scene.memory.failures.get(name) or scene.memory.failures.get(POD)


def _waiting(scene: Scene, container: pod_pb2.Container, fate: Fate) -> pod_pb2.ContainerStateWaiting:
    failure = _failure(scene, container.name)
    if failure is not None:
        return pod_pb2.ContainerStateWaiting(reason=failure.reason, message=failure.message)
    if isinstance(fate, Waits):
        newest = scene.instances.newest(container.name)
        code = newest.exit_code if newest else 0
        return pod_pb2.ContainerStateWaiting(
            reason="CrashLoopBackOff",
            message=f"container {container.name} ended with exit code {code} and is started again after a pause",
        )
    return pod_pb2.ContainerStateWaiting(reason="ContainerCreating")


def _terminated(one: Observed, place: Place) -> pod_pb2.ContainerStateTerminated:
    signal = one.exit_code - 128
    state = pod_pb2.ContainerStateTerminated(
        exit_code=one.exit_code,
        signal=signal if 0 < signal <= _MOST_SIGNAL else 0,
        reason=one.reason or ("Completed" if one.exit_code == 0 else "Error"),
        message=one.message,
        container_id=f"{place.scheme}://{one.id}",
    )
    if one.started_at is not None:
        state.started_at.CopyFrom(_time(one.started_at))
    if one.finished_at is not None:
        state.finished_at.CopyFrom(_time(one.finished_at))
    return state


def _start_time(pod: pod_pb2.Pod, place: Place) -> Timestamp:
    return pod.status.start_time if pod.status.HasField("start_time") else _time(place.start_time)


def _time(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
