"""Places in the contract, said in the words of v1beta1."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message

from peapod.codec.versions import V1BETA1, V1BETA3
from peapod.v1 import (
    endpoints_pb2,
    event_pb2,
    limit_range_pb2,
    namespace_pb2,
    node_pb2,
    pod_pb2,
    pod_service_pb2,
    replication_controller_pb2,
    secret_pb2,
    service_pb2,
)

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
    assert V1BETA1.words(pod_pb2.Pod, proto) == v1beta1


@pytest.mark.parametrize(
    ("kind", "proto", "v1beta1"),
    [
        (node_pb2.Node, "status.conditions[0].type", "status.conditions[0].kind"),
        (node_pb2.Node, "status.capacity[cpu]", "resources.capacity[cpu]"),
        (node_pb2.Node, "spec.pod_cidr", "podCIDR"),
        (event_pb2.Event, "involved_object.namespace", "involvedObject.namespace"),
        (event_pb2.Event, "source.host", "host"),
        (event_pb2.Event, "first_timestamp", "firstTimestamp"),
        (namespace_pb2.Namespace, "spec.finalizers[0]", "spec.finalizers[0]"),
        (secret_pb2.Secret, "data[tls.key]", "data[tls.key]"),
        (secret_pb2.Secret, "metadata.labels", "labels"),
        (service_pb2.Service, "spec.ports[0].port", "port"),
        (service_pb2.Service, "spec.ports[0].target_port", "containerPort"),
        (service_pb2.Service, "spec.ports[0].name", "portName"),
        (service_pb2.Service, "spec.ports", "port"),
        (service_pb2.Service, "spec.ports[0]", "port"),
        (service_pb2.Service, "spec.ports[1].port", "spec.ports[1].port"),
        (service_pb2.Service, "spec.cluster_ip", "portalIP"),
        (service_pb2.Service, "spec.type", "createExternalLoadBalancer"),
        (endpoints_pb2.Endpoints, "subsets[1].addresses[0].ip", "subsets[1].addresses[0].IP"),
        (endpoints_pb2.Endpoints, "subsets", "subsets"),
        (limit_range_pb2.LimitRange, "spec.limits[0].max[cpu]", "spec.limits[0].max[cpu]"),
        (pod_service_pb2.Binding, "node_name", "host"),
        (pod_service_pb2.Binding, "name", "podID"),
        (pod_service_pb2.GetPodRequest, "spec.finalizers[0]", "spec.finalizers[0]"),
    ],
)
def test_a_place_in_other_kinds(kind: type[Message], proto: str, v1beta1: str) -> None:
    assert V1BETA1.words(kind, proto) == v1beta1


R = "desiredState.podTemplate"


@pytest.mark.parametrize(
    ("kind", "proto", "v1beta1", "v1beta3"),
    [
        (pod_pb2.Pod, "spec.containers[0].args[1]", f"{C}.command[1]", "spec.containers[0].command[1]"),
        (pod_pb2.Pod, "spec.node_name", "desiredState.host", "spec.host"),
        (
            pod_pb2.Pod,
            "spec.volumes[0].secret.secret_name",
            "desiredState.manifest.volumes[0].source.secret.target.name",
            "spec.volumes[0].secret.secretName",
        ),
        (pod_pb2.Pod, "metadata.labels[tier]", "labels[tier]", "metadata.labels[tier]"),
        (
            replication_controller_pb2.ReplicationController,
            "spec.template.spec.containers[0].image",
            f"{R}.desiredState.manifest.containers[0].image",
            "spec.template.spec.containers[0].image",
        ),
        (
            replication_controller_pb2.ReplicationController,
            "spec.template.metadata.labels",
            f"{R}.labels",
            "spec.template.metadata.labels",
        ),
        (replication_controller_pb2.ReplicationController, "spec.template", R, "spec.template"),
        (
            replication_controller_pb2.ReplicationController,
            "spec.selector",
            "desiredState.replicaSelector",
            "spec.selector",
        ),
        (service_pb2.Service, "spec.ports", "port", "spec.port"),
        (service_pb2.Service, "spec.ports[0].target_port", "containerPort", "spec.targetPort"),
        (node_pb2.Node, "status.capacity[cpu]", "resources.capacity[cpu]", "status.capacity[cpu]"),
        (event_pb2.Event, "source.host", "host", "source.host"),
        (pod_service_pb2.Binding, "node_name", "host", "target.name"),
    ],
)
def test_each_version_has_its_own_words(kind: type[Message], proto: str, v1beta1: str, v1beta3: str) -> None:
    assert (V1BETA1.words(kind, proto), V1BETA3.words(kind, proto)) == (v1beta1, v1beta3)
