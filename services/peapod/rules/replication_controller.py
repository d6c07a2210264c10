"""What a replication controller gets by default, and what is wrong with one (v1beta1.md, 2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from peapod.common import labels
from peapod.common.errors import Violation
from peapod.rules.metadata import annotation_violations, label_violations
from peapod.rules.pod_defaults import set_spec_defaults
from peapod.rules.pod_spec import spec_violations
from peapod.rules.privileges import privileged_violations
from peapod.v1 import pod_pb2
from peapod.v1 import replication_controller_pb2 as pb

TEMPLATE = "spec.template"
SPEC = f"{TEMPLATE}.spec"


def set_defaults(controller: pb.ReplicationController) -> None:
    """Fill in what its pods would get."""
    if controller.spec.HasField("template"):
        set_spec_defaults(controller.spec.template.spec)


def violations(controller: pb.ReplicationController) -> Iterator[Violation]:
    """Find everything that is wrong with a controller whose defaults are set, apart from its metadata."""
    spec = controller.spec
    if spec.replicas < 0:
        yield Violation("spec.replicas", "must not be negative")
    if not spec.selector:
        yield Violation.required("spec.selector", "is required: without it the controller would count every pod")
    if not spec.HasField("template"):
        yield Violation.required(TEMPLATE)
        return
    yield from _template_metadata_violations(spec.template, spec.selector)
    yield from spec_violations(spec.template.spec, SPEC)
    yield from _policy_violations(spec.template.spec.restart_policy)
    if spec.replicas > 1:
        yield from _shared_disk_violations(spec.template.spec)


def privileged_template_violations(controller: pb.ReplicationController) -> Iterator[Violation]:
    """Find the containers of the template that would be privileged, where none may be."""
    return privileged_violations(controller.spec.template.spec, SPEC)


def _template_metadata_violations(template: pb.PodTemplateSpec, selector: Mapping[str, str]) -> Iterator[Violation]:
    own = template.metadata.labels
    yield from label_violations(f"{TEMPLATE}.metadata.labels", own)
    yield from annotation_violations(f"{TEMPLATE}.metadata.annotations", template.metadata.annotations)
    # A controller that does not count its own pods would make them without end.
    if selector and not labels.from_map(selector).matches(own):
        yield Violation(f"{TEMPLATE}.metadata.labels", "must have all the labels of spec.selector")


def _policy_violations(policy: pod_pb2.RestartPolicy) -> Iterator[Violation]:
    if policy in (pod_pb2.RESTART_POLICY_ON_FAILURE, pod_pb2.RESTART_POLICY_NEVER):
        yield Violation.not_supported(f"{SPEC}.restart_policy", "must be ALWAYS: a pod that is over would be made anew")


def _shared_disk_violations(spec: pod_pb2.PodSpec) -> Iterator[Violation]:
    for index, volume in enumerate(spec.volumes):
        if volume.HasField("gce_persistent_disk") and not volume.gce_persistent_disk.read_only:
            field = f"{SPEC}.volumes[{index}].gce_persistent_disk.read_only"
            yield Violation(field, "must be true for more than one replica: a disk has one writer")
