"""No field of a pod is passed over by a sandbox: it does what is asked, or refuses it by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from peapod.kubelet.runtime.sandbox.refusals import refusals
from peapod.v1 import pod_pb2

TESTS = Path(__file__).parents[2]

VOLUMES = "e2e/test_volumes.py::test_memory_directories_repositories_and_secrets_are_there"
DISKS = "e2e/test_volumes.py::test_a_disk_keeps_its_data_from_one_pod_to_the_next"
NFS = "service/volumes/test_nfs.py"
INSIDE = "conformance/runtimes/test_inside.py"
PODS = "service/sandbox_runtime/test_pods.py"
LIVE = f"{PODS}::test_a_failing_liveness_command_starts_the_container_again"
READY = f"{PODS}::test_a_server_is_ready_when_it_answers_at_the_pods_address"
HOOKS = f"{PODS}::test_hooks_are_called_in_the_container"
LABELS = "unit/kubelet/test_admission.py::test_a_pod_runs_only_where_all_labels_are_that_it_selects"
PORTS = "unit/kubelet/test_admission.py"
PULLS = "service/sandbox_runtime/test_images.py::test_archives_in_the_folder_are_found_by_name"

DONE = {
    "PodSpec.dns_policy": f"{PODS}::test_names_and_environment",
    "PodSpec.host_network": f"{PODS}::test_a_port_of_a_pod_is_reached_through_the_apiserver",
    "PodSpec.manifest_id": "unit/test_pod_document.py",
    "PodSpec.node_name": PODS,
    "PodSpec.node_selector": LABELS,
    "PodSpec.restart_policy": f"{PODS}::test_restart_policies",
    "PodSpec.termination_grace_period_seconds": "conformance/runtimes/test_life.py::test_stop_asks_with_sigterm",
    "Volume.name": VOLUMES,
    "EmptyDirVolumeSource.medium": VOLUMES,
    "HostPathVolumeSource.path": HOOKS,
    "GCEPersistentDiskVolumeSource.pd_name": DISKS,
    "GCEPersistentDiskVolumeSource.fs_type": DISKS,
    "GCEPersistentDiskVolumeSource.partition": DISKS,
    "GCEPersistentDiskVolumeSource.read_only": "e2e/test_volumes.py::test_a_disk_has_any_number_of_readers",
    "GitRepoVolumeSource.repository": VOLUMES,
    "GitRepoVolumeSource.revision": VOLUMES,
    "SecretVolumeSource.secret_name": VOLUMES,
    "NFSVolumeSource.server": NFS,
    "NFSVolumeSource.path": NFS,
    "NFSVolumeSource.read_only": NFS,
    "Container.name": "conformance/runtimes/test_life.py",
    "Container.image": "service/sandbox_runtime/test_images.py",
    "Container.command": f"{INSIDE}::test_command_and_args_are_joined_and_untouched",
    "Container.args": f"{INSIDE}::test_command_and_args_are_joined_and_untouched",
    "Container.working_dir": f"{INSIDE}::test_the_working_directory_is_kept",
    "Container.termination_message_path": f"{PODS}::test_restart_policies",
    "Container.image_pull_policy": PULLS,
    "ContainerPort.name": READY,
    "ContainerPort.container_port": READY,
    "ContainerPort.protocol": PORTS,
    "EnvVar.name": f"{PODS}::test_names_and_environment",
    "EnvVar.value": f"{PODS}::test_names_and_environment",
    "ResourceRequirements.requests": "unit/scheduler/test_predicates.py::test_limits_count_before_requests",
    "VolumeMount.name": HOOKS,
    "VolumeMount.mount_path": HOOKS,
    "VolumeMount.read_only": f"{INSIDE}::test_a_read_only_mount_takes_no_writes",
    "Probe.initial_delay_seconds": "service/kubelet/test_probes.py",
    "Probe.timeout_seconds": "service/kubelet/test_probes.py",
    "Probe.period_seconds": LIVE,
    "ExecAction.command": LIVE,
    "HTTPGetAction.path": READY,
    "HTTPGetAction.host": "service/kubelet/test_handlers.py",
    "IntOrString.number": f"{PODS}::test_a_port_of_a_pod_is_reached_through_the_apiserver",
    "IntOrString.text": READY,
    "Capabilities.drop": "service/sandbox_runtime/test_isolation.py::test_capabilities_can_be_dropped",
}
"""Where it is proved that a pod on a sandbox gets what it asks for."""

REFUSED = {
    "ContainerPort.host_port": "containers { ports { container_port: 80 host_port: 8080 } }",
    "ContainerPort.host_ip": "containers { ports { container_port: 80 host_port: 80 host_ip: '10.0.0.1' } }",
    "ResourceRequirements.limits": "containers { resources { limits { key: 'cpu' value: '1' } } }",
    "SecurityContext.privileged": "containers { security_context { privileged: true } }",
    "Capabilities.add": "containers { security_context { capabilities { add: 'NET_RAW' } } }",
}
"""What no sandbox can do, or not with these values, and a pod that asks for it."""


def leaves(message: Any, found: set[str]) -> Iterator[str]:
    """Name the fields of a message and of those in it, as far as they hold a value themselves."""
    found.add(message.name)
    for field in message.fields:
        inner = field.message_type
        if inner is None or inner.GetOptions().map_entry:
            yield f"{message.name}.{field.name}"
        elif inner.name not in found:
            yield from leaves(inner, found)


def test_every_field_is_done_or_refused() -> None:
    assert set(leaves(pod_pb2.PodSpec.DESCRIPTOR, set())) == {*DONE, *REFUSED}
    assert not DONE.keys() & REFUSED.keys()


@pytest.mark.parametrize("field", REFUSED)
def test_what_is_refused_is_refused_by_name(field: str) -> None:
    pod = pod_pb2.Pod(spec=text_format.Parse(REFUSED[field], pod_pb2.PodSpec()))
    (violation,) = refusals(pod)
    assert violation.field.partition("[0]")[0] == "spec.containers"
    assert field.split(".")[1] in violation.field


def test_what_is_done_is_not_refused() -> None:
    """A pod in which all these fields are set is taken."""
    spec = pod_pb2.PodSpec()
    fill(spec, 2)
    refused = {violation.field for violation in refusals(pod_pb2.Pod(spec=spec))}
    assert refused == set()


def fill(message: Any, number: int) -> None:
    """Set every field that is done, of this message and of all in it."""
    for field in message.DESCRIPTOR.fields:
        inner, name = field.message_type, f"{message.DESCRIPTOR.name}.{field.name}"
        part = getattr(message, field.name)
        if inner is not None and not inner.GetOptions().map_entry:
            fill(part.add() if field.is_repeated else part, number)
        elif name in DONE:
            _set(message, field, number)


def _set(message: Any, field: Any, number: int) -> None:
    part = getattr(message, field.name)
    if field.message_type is not None:
        part["key"] = "1"
    elif field.is_repeated:
        part.append("x")
    elif field.containing_oneof is None or message.WhichOneof(field.containing_oneof.name) is None:
        setattr(message, field.name, type(part)(number))


@pytest.mark.parametrize("proof", sorted(set(DONE.values())))
def test_the_proofs_are_there(proof: str) -> None:
    file, _, name = proof.partition("::")
    assert f"def {name}" in (TESTS / file).read_text()
