"""Pods: what a new one's status is, and what may change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from peapod.apiserver.resources.strategy import Strategy
from peapod.common import kinds
from peapod.common.errors import NotReady, Violation
from peapod.rules.changes import changed_fields
from peapod.rules.mirror import is_mirror, mirror_change_violations, mirror_violations
from peapod.rules.pod_defaults import set_defaults
from peapod.rules.pod_spec import spec_violations
from peapod.rules.privileges import privileged_violations
from peapod.v1 import pod_pb2

_GRACE = "termination_grace_period_seconds"
_MUTABLE = re.compile(r"spec\.containers\[\d+\]\.image")


def begin(pod: pod_pb2.Pod) -> None:
    """Let a pod begin as pending."""
    pod.status.Clear()
    pod.status.phase = pod_pb2.POD_PHASE_PENDING


def keep(new: pod_pb2.Pod, old: pod_pb2.Pod) -> None:
    """Leave the status to the kubelet, the node as it was chosen, pull policies as the first image had them, and the
    grace that clients of 2015 do not know and so do not repeat.
    """
    new.status.CopyFrom(old.status)
    new.spec.node_name = new.spec.node_name or old.spec.node_name
    if not new.spec.HasField(_GRACE):
        new.spec.termination_grace_period_seconds = old.spec.termination_grace_period_seconds
    for ours, theirs in zip(new.spec.containers, old.spec.containers, strict=False):
        ours.image_pull_policy = ours.image_pull_policy or theirs.image_pull_policy


def validate_update(new: pod_pb2.Pod, old: pod_pb2.Pod) -> Iterator[Violation]:
    """Allow new images, and nothing else of the spec."""
    if len(new.spec.containers) != len(old.spec.containers):
        yield Violation("spec.containers", "may not be added or removed")
        return
    for field in changed_fields(new.spec, old.spec, "spec"):
        if not _MUTABLE.fullmatch(field):
            yield Violation(field, "is immutable: of a pod's spec only images may change")
    yield from mirror_change_violations(new, old)


def check_mirror_change(new: pod_pb2.Pod, old: pod_pb2.Pod) -> None:
    """Raise `NotReady` when what a mirror shows would change."""
    if is_mirror(old) and any(True for _ in changed_fields(new.spec, old.spec, "spec")):
        raise NotReady(f"{_static(old)}: change its manifest there")


def check_mirror_deletion(pod: pod_pb2.Pod, node_name: str) -> None:
    """Raise `NotReady` for a mirror, unless it is its node that asks."""
    if is_mirror(pod) and node_name != pod.spec.node_name:
        raise NotReady(f"{_static(pod)}: remove its manifest there")


def _static(pod: pod_pb2.Pod) -> str:
    return f'Pod "{pod.metadata.name}" is the mirror of a static pod of node {pod.spec.node_name}'


def _validate(pod: pod_pb2.Pod) -> Iterator[Violation]:
    return spec_violations(pod.spec, "spec")


def _validate_new_unprivileged(pod: pod_pb2.Pod) -> Iterator[Violation]:
    # What a node runs from a manifest of its own is not for the apiserver to allow.
    return mirror_violations(pod) if is_mirror(pod) else privileged_violations(pod.spec, "spec")


def strategy(*, allow_privileged: bool = False) -> Strategy[pod_pb2.Pod]:
    """Make the rules for pods, of which some may be privileged or none."""
    return Strategy(
        of=kinds.POD,
        message=pod_pb2.Pod,
        set_defaults=set_defaults,
        begin=begin,
        keep=keep,
        validate=_validate,
        validate_new=mirror_violations if allow_privileged else _validate_new_unprivileged,
        validate_update=validate_update,
    )
