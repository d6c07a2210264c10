"""The kinds of v1beta1, and what field selectors call their fields (v1beta1.md, 3.2)."""

from __future__ import annotations

from peapod.codec.form import Form
from peapod.codec.v1beta1.binding import BINDING
from peapod.codec.v1beta1.endpoints import ENDPOINTS
from peapod.codec.v1beta1.event import EVENT
from peapod.codec.v1beta1.limit_range import LIMIT_RANGE
from peapod.codec.v1beta1.minion import MINION
from peapod.codec.v1beta1.namespace import NAMESPACE
from peapod.codec.v1beta1.pod import POD
from peapod.codec.v1beta1.replication_controller import REPLICATION_CONTROLLER
from peapod.codec.v1beta1.resource_quota import RESOURCE_QUOTA
from peapod.codec.v1beta1.secret import SECRET
from peapod.codec.v1beta1.service import SERVICE
from peapod.v1 import (
    endpoints_pb2,
    event_pb2,
    limit_range_pb2,
    namespace_pb2,
    node_pb2,
    pod_pb2,
    pod_service_pb2,
    replication_controller_pb2,
    resource_quota_pb2,
    secret_pb2,
    service_pb2,
)

NAME = {"name": "metadata.name"}

OF_PODS = {
    "DesiredState.Host": "spec.node_name",
    "DesiredState.Status": "status.phase",
}
"""The status is the current one, though v0.14 asks for the desired one: nobody desires a status."""

OF_EVENTS = {
    "involvedObject.kind": "involved_object.kind",
    "involvedObject.namespace": "involved_object.namespace",
    "involvedObject.id": "involved_object.name",
    "involvedObject.uid": "involved_object.uid",
    "involvedObject.apiVersion": "involved_object.api_version",
    "involvedObject.resourceVersion": "involved_object.resource_version",
    "involvedObject.fieldPath": "involved_object.field_path",
    "reason": "reason",
    "source": "source.component",
}

PHASES = {"Waiting": "Pending", "Terminated": "Failed"}

FORMS = (
    Form("Pod", pod_pb2.Pod, POD, "pods", selectable=NAME | OF_PODS, selected={"status.phase": PHASES}),
    Form(
        "ReplicationController",
        replication_controller_pb2.ReplicationController,
        REPLICATION_CONTROLLER,
        "replicationControllers",
        selectable=NAME | {"currentState.replicas": "status.replicas"},
    ),
    Form("Service", service_pb2.Service, SERVICE, "services", selectable=NAME),
    Form("Endpoints", endpoints_pb2.Endpoints, ENDPOINTS, "endpoints", selectable=NAME),
    Form("Minion", node_pb2.Node, MINION, "minions", namespaced=False, also=("Node",), selectable=NAME),
    Form("Event", event_pb2.Event, EVENT, "events", selectable=NAME | OF_EVENTS),
    Form(
        "Namespace",
        namespace_pb2.Namespace,
        NAMESPACE,
        "namespaces",
        namespaced=False,
        selectable=NAME | {"status.phase": "status.phase"},
    ),
    Form("Secret", secret_pb2.Secret, SECRET, "secrets", selectable=NAME),
    Form("LimitRange", limit_range_pb2.LimitRange, LIMIT_RANGE, "limitRanges", selectable=NAME),
    Form("ResourceQuota", resource_quota_pb2.ResourceQuota, RESOURCE_QUOTA, "resourceQuotas", selectable=NAME),
    Form("Binding", pod_service_pb2.Binding, BINDING, "bindings"),
)
