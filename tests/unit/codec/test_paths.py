"""Places in the contract, said in the words of v1beta1."""

from __future__ import annotations

import pytest

from peapod.codec.v1beta1.codec import to_v1beta1_path

C = "desiredState.manifest.containers[0]"


@pytest.mark.parametrize(
    ("proto", "v1beta1"),
    [
        ("spec.containers[0].ports[1].host_port", f"{C}.ports[1].hostPort"),
        ("spec.containers[0].args", f"{C}.command"),
        ("spec.containers[0].command[2]", f"{C}.entrypoint[2]"),
        ("spec.containers[0].liveness_probe.handler.http_get.port", f"{C}.livenessProbe.httpGet.port"),
        ("spec.containers[0].liveness_probe.handler", f"{C}.livenessProbe"),
        ("spec.containers[0].security_context.privileged", f"{C}.privileged"),
        ("spec.containers[0].security_context", C),
        ("spec.containers[0].resources.limits[cpu]", f"{C}.resources.limits[cpu]"),
        ("spec.containers[0].new_thing.more[1]", f"{C}.newThing.more[1]"),
        (
            "spec.volumes[3].gce_persistent_disk.pd_name",
            "desiredState.manifest.volumes[3].source.persistentDisk.pdName",
        ),
        ("spec.volumes[3].secret.secret_name", "desiredState.manifest.volumes[3].source.secret.target.name"),
        ("spec.volumes[3].source", "desiredState.manifest.volumes[3].source"),
        ("spec.containers", "desiredState.manifest.containers"),
        ("spec", "desiredState.manifest"),
        ("spec.node_name", "desiredState.host"),
        ("spec.node_selector[a.b/c]", "nodeSelector[a.b/c]"),
        ("metadata.name", "id"),
        ("metadata.labels[x.y/z]", "labels[x.y/z]"),
        ("status.phase", "currentState.status"),
        (
            "status.container_statuses[0].last_state.terminated.exit_code",
            "currentState.info[0].lastState.termination.exitCode",
        ),
        ("label_selector", "label_selector"),
        ("", ""),
    ],
)
def test_a_place_in_a_pod(proto: str, v1beta1: str) -> None:
    assert to_v1beta1_path("Pod", proto) == v1beta1


@pytest.mark.parametrize(
    ("kind", "proto", "v1beta1"),
    [
        ("Node", "status.conditions[0].type", "status.conditions[0].kind"),
        ("Minion", "status.capacity[cpu]", "resources.capacity[cpu]"),
        ("Minion", "spec.pod_cidr", "podCIDR"),
        ("Event", "involved_object.namespace", "involvedObject.namespace"),
        ("Event", "source.host", "host"),
        ("Event", "first_timestamp", "firstTimestamp"),
        ("Namespace", "spec.finalizers[0]", "spec.finalizers[0]"),
        ("Secret", "data[tls.key]", "data[tls.key]"),
        ("Secret", "metadata.labels", "labels"),
        ("Nothing", "spec.finalizers[0]", "spec.finalizers[0]"),
    ],
)
def test_a_place_in_other_kinds(kind: str, proto: str, v1beta1: str) -> None:
    assert to_v1beta1_path(kind, proto) == v1beta1
