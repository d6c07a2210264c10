"""What kubelets would tell of pods, told by a test."""

from __future__ import annotations

from collections.abc import Iterable

from peapod.v1 import pod_pb2
from peapod.v1 import pod_service_pb2 as pods
from tests.support.apiserver import Api
from tests.support.objects import TRUE


async def set_running(api: Api, some: Iterable[pod_pb2.Pod], *, ready: bool = True, ip: str = "10.1.2.3") -> None:
    """Have pods run."""
    status = pod_pb2.PodStatus(phase=pod_pb2.POD_PHASE_RUNNING, pod_ip=ip)
    if ready:
        status.conditions.add(type="Ready", status=TRUE)
    for pod in some:
        await set_status(api, pod.metadata.name, status)


async def set_status(api: Api, name: str, status: pod_pb2.PodStatus) -> None:
    """Have a pod be as its status says."""
    update = pods.PodStatusUpdate(namespace="default", name=name, status=status)
    await api.pods.update_pod_statuses(pods.UpdatePodStatusesRequest(updates=[update]))
