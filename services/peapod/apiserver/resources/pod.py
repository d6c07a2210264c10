"""Pods: what a new one's status is, what may change, and how they are selected."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.apiserver.resources.strategy import Strategy
from peapod.common import quantity
from peapod.common.errors import Violation
from peapod.rules.pod_defaults import set_defaults
from peapod.rules.pod_spec import spec_violations, unsupported
from peapod.v1 import pod_pb2, pod_service_pb2

_PHASES = {number: name.removeprefix("POD_PHASE_").capitalize() for name, number in pod_pb2.PodPhase.items()}
_PHASES[pod_pb2.POD_PHASE_UNSPECIFIED] = ""


def reset_status(pod: pod_pb2.Pod) -> None:
    """Let a pod begin as pending."""
    pod.status.Clear()
    pod.status.phase = pod_pb2.POD_PHASE_PENDING


def keep_status(new: pod_pb2.Pod, old: pod_pb2.Pod) -> None:
    """Leave the status to the kubelet."""
    new.status.CopyFrom(old.status)


def validate_update(new: pod_pb2.Pod, old: pod_pb2.Pod) -> Iterator[Violation]:
    """Allow new images, and nothing else of the spec."""
    if len(new.spec.containers) != len(old.spec.containers):
        yield Violation("spec.containers", "may not be added or removed")
        return
    ours, theirs = _without_images(new.spec), _without_images(old.spec)
    for field in pod_pb2.PodSpec.DESCRIPTOR.fields:
        if getattr(ours, field.name) != getattr(theirs, field.name):
            yield Violation(f"spec.{field.name}", "is immutable, but for the containers' images")


def _without_images(spec: pod_pb2.PodSpec) -> pod_pb2.PodSpec:
    """Copy a spec without what may change, and with amounts in one spelling: old API versions write 64Mi in bytes."""
    rest = pod_pb2.PodSpec()
    rest.CopyFrom(spec)
    for container in rest.containers:
        container.ClearField("image")
        container.ClearField("image_pull_policy")
        for amounts in (container.resources.limits, container.resources.requests):
            for name, text in amounts.items():
                amounts[name] = _plain(text)
    return rest


def _plain(amount: str) -> str:
    try:
        return str(quantity.parse(amount).normalize())
    except ValueError:
        # Validation names what cannot be read.
        return amount


def _validate(pod: pod_pb2.Pod) -> list[Violation]:
    return [*spec_violations(pod.spec, "spec")]


def _validate_update(new: pod_pb2.Pod, old: pod_pb2.Pod) -> list[Violation]:
    return [*validate_update(new, old)]


def _unsupported(pod: pod_pb2.Pod) -> list[Violation]:
    return [*unsupported(pod.spec, "spec")]


STRATEGY = Strategy(
    kind="Pod",
    plural="pods",
    message=pod_pb2.Pod,
    listing=pod_service_pb2.ListPodsResponse,
    batch=pod_service_pb2.WatchPodsResponse,
    namespaced=True,
    selectable={
        "metadata.name": lambda pod: pod.metadata.name,
        "metadata.namespace": lambda pod: pod.metadata.namespace,
        "spec.node_name": lambda pod: pod.spec.node_name,
        "status.phase": lambda pod: _PHASES.get(pod.status.phase, ""),
    },
    trigger="spec.node_name",
    set_defaults=set_defaults,
    reset_status=reset_status,
    keep_status=keep_status,
    validate=_validate,
    validate_update=_validate_update,
    unsupported=_unsupported,
)
