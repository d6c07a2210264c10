"""Mirror pods: how the API shows the pods that a node runs from manifests of its own."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.common.errors import Violation
from peapod.v1 import pod_pb2

MIRROR = "kubernetes.io/config.mirror"
"""The annotation that makes a pod a mirror; its value is the uid of the static pod."""
SOURCE = "kubernetes.io/config.source"
"""The annotation that says where the static pod is from: "file" or "http"."""
HASH = "kubernetes.io/config.hash"
"""The annotation by which its node tells whether a mirror still shows its pod as it is."""


def is_mirror(pod: pod_pb2.Pod) -> bool:
    """Tell whether a pod only shows another one."""
    return MIRROR in pod.metadata.annotations


def mirror_violations(pod: pod_pb2.Pod) -> Iterator[Violation]:
    """Find what a new mirror lacks."""
    if is_mirror(pod) and not pod.spec.node_name:
        yield Violation.required("spec.node_name", f"is required beside the annotation {MIRROR}")


def mirror_change_violations(new: pod_pb2.Pod, old: pod_pb2.Pod) -> Iterator[Violation]:
    """Find a pod that would become a mirror, or a mirror that would become a pod or another's mirror."""
    if new.metadata.annotations.get(MIRROR) != old.metadata.annotations.get(MIRROR):
        yield Violation(f"metadata.annotations[{MIRROR}]", "is immutable")
