"""The pod that the benchmarks use: the chapter's, as the apiserver stores it."""

from __future__ import annotations

from peapod.apiserver.resources import metadata
from peapod.rules.pod_defaults import set_defaults
from peapod.v1 import meta_pb2, pod_pb2


def asked_pod(name: str) -> pod_pb2.Pod:
    """What a client sends."""
    pod = pod_pb2.Pod(metadata=meta_pb2.ObjectMeta(name=name, namespace="default", labels={"name": "redis-master"}))
    pod.spec.containers.add(name="master1", image="peapod-test/redis:1").ports.add(container_port=6379)
    pod.spec.containers.add(name="master2", image="peapod-test/sshd:1").ports.add(container_port=22)
    return pod


def bench_pod(name: str) -> pod_pb2.Pod:
    """What the server answers."""
    pod = asked_pod(name)
    metadata.stamp(pod.metadata)
    set_defaults(pod)
    pod.status.phase = pod_pb2.POD_PHASE_PENDING
    pod.metadata.resource_version = 1_000_000
    return pod
