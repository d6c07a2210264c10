"""Pods and observed containers for tests, made from few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from peapod.kubelet.naming import NETWORK, ContainerName, spec_hash
from peapod.kubelet.runtime.runtime import Observed, Phase
from peapod.v1 import pod_pb2

START = datetime(2015, 4, 1, 12, 0, tzinfo=UTC)
"""When the tests' time begins."""


def make_pod(
    *containers: str,
    uid: str = "uid-1",
    name: str = "web",
    policy: pod_pb2.RestartPolicy = pod_pb2.RESTART_POLICY_ALWAYS,
    image: str = "hollow/web",
) -> pod_pb2.Pod:
    """Make a pod of the named containers, or of one that is called main."""
    pod = pod_pb2.Pod()
    pod.metadata.name, pod.metadata.namespace, pod.metadata.uid = name, "default", uid
    pod.spec.restart_policy = policy
    for container in containers or ("main",):
        pod.spec.containers.add(name=container, image=image, image_pull_policy=pod_pb2.PULL_POLICY_IF_NOT_PRESENT)
    return pod


def at(seconds: float) -> datetime:
    """The moment that many seconds after START."""
    return START + timedelta(seconds=seconds)


def seen(
    pod: pod_pb2.Pod,
    container: str = "main",
    attempt: int = 0,
    *,
    ran: tuple[float, float] | None = None,
    since: float = 0,
    created: bool = False,
    code: int = 0,
    ip: str = "",
    spec: str = "",
) -> Observed:
    """Observe a container: running `since` seconds after START unless it `ran` from one to another moment or was
    only `created`.
    """
    phase = Phase.CREATED if created else Phase.EXITED if ran else Phase.RUNNING
    began, ended = ran or (since, None)
    name = ContainerName(
        container, spec or spec_hash(pod.spec), pod.metadata.name, "default", "api", pod.metadata.uid, attempt
    )
    return Observed(
        id=f"{pod.metadata.uid}-{container}-{attempt}",
        name=name,
        phase=phase,
        image="hollow/web",
        image_id="1234",
        created_at=at(began),
        started_at=None if created else at(began),
        finished_at=None if ended is None else at(ended),
        exit_code=code,
        ip=ip,
    )


def network(pod: pod_pb2.Pod, attempt: int = 0, **kwargs: object) -> Observed:
    """Observe the pod's network container."""
    return seen(pod, NETWORK, attempt, ip="10.1.2.3", **kwargs)  # type: ignore[arg-type]
