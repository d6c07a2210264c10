"""What is to become of a node's pods when it is drained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from peapod.common import labels
from peapod.rules.mirror import is_mirror
from peapod.v1.pod_pb2 import Pod
from peapod.v1.replication_controller_pb2 import ReplicationController


class Tenants(NamedTuple):
    """The pods of a node: those that are its own and stay, those that controllers make anew, and the others."""

    own: list[Pod]
    kept: list[Pod]
    alone: list[Pod]


def sort(pods: Iterable[Pod], controllers: Sequence[ReplicationController]) -> Tenants:
    """Tell which pods are which, each kind by namespace and name."""
    tenants = Tenants([], [], [])
    for pod in sorted(pods, key=lambda pod: (pod.metadata.namespace, pod.metadata.name)):
        if is_mirror(pod):
            tenants.own.append(pod)
        elif any(_keeps(controller, pod) for controller in controllers):
            tenants.kept.append(pod)
        else:
            tenants.alone.append(pod)
    return tenants


def called(pod: Pod) -> str:
    """Say which pod it is among those of all namespaces."""
    return f"pods/{pod.metadata.name} in namespace {pod.metadata.namespace}"


def _keeps(controller: ReplicationController, pod: Pod) -> bool:
    selector = controller.spec.selector
    same_namespace = controller.metadata.namespace == pod.metadata.namespace
    return bool(selector) and same_namespace and labels.from_map(selector).matches(pod.metadata.labels)
