"""Which container's log somebody means who names a pod and a container."""

from __future__ import annotations

from peapod.common.errors import NotFound, NotReady
from peapod.kubelet.planning.instances import Instances
from peapod.kubelet.runtime.runtime import Observed, Phase
from peapod.v1 import pod_pb2


def pick(pod: pod_pb2.Pod, instances: Instances, container: str, *, previous: bool) -> Observed:
    """Pick the instance that runs or ran last, or with `previous` the one before it.

    Raises `NotFound` when the pod has no such container, and `NotReady` when there is no such instance.
    """
    name = f"container {container} of pod {pod.metadata.name}"
    if container not in {one.name for one in pod.spec.containers}:
        raise NotFound(f"there is no {name}")
    started = [one for one in instances.by_name.get(container, ()) if one.phase is not Phase.CREATED]
    if not started:
        has_run = any(told.name == container and told.container_id for told in pod.status.container_statuses)
        raise NotReady(f"{name} was removed with its log" if has_run else f"{name} has not started yet")
    if not previous:
        return started[0]
    if len(started) < 2:
        raise NotReady(f"{name} was not restarted, or nothing is left of what ran before")
    return started[1]
