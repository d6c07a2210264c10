"""The kinds of v1beta3, and what field selectors call their fields (v1beta1.md, 3.2)."""

from __future__ import annotations

from peapod.codec.form import Form
from peapod.codec.v1beta1.forms import OF_EVENTS
from peapod.codec.v1beta3 import others
from peapod.codec.v1beta3.binding import BINDING
from peapod.codec.v1beta3.endpoints import ENDPOINTS
from peapod.codec.v1beta3.node import NODE
from peapod.codec.v1beta3.pod import POD
from peapod.codec.v1beta3.replication_controller import REPLICATION_CONTROLLER
from peapod.codec.v1beta3.service import SERVICE
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

OF_PODS = {"spec.host": "spec.node_name", "status.phase": "status.phase"}

NAMED_EVENTS = {key: path for key, path in OF_EVENTS.items() if key != "involvedObject.id"} | {
    "involvedObject.name": "involved_object.name"
}

FORMS = (
    Form("Pod", pod_pb2.Pod, POD, "pods", selectable=NAME | OF_PODS),
    Form(
        "ReplicationController",
        replication_controller_pb2.ReplicationController,
        REPLICATION_CONTROLLER,
        "replicationcontrollers",
        selectable=NAME | {"status.replicas": "status.replicas"},
    ),
    Form("Service", service_pb2.Service, SERVICE, "services", selectable=NAME),
    Form("Endpoints", endpoints_pb2.Endpoints, ENDPOINTS, "endpoints", selectable=NAME),
    Form("Node", node_pb2.Node, NODE, "nodes", namespaced=False, also=("Minion",), selectable=NAME),
    Form("Event", event_pb2.Event, others.EVENT, "events", selectable=NAME | NAMED_EVENTS),
    Form(
        "Namespace",
        namespace_pb2.Namespace,
        others.NAMESPACE,
        "namespaces",
        namespaced=False,
        selectable=NAME | {"status.phase": "status.phase"},
    ),
    Form("Secret", secret_pb2.Secret, others.SECRET, "secrets", selectable=NAME),
    Form("LimitRange", limit_range_pb2.LimitRange, others.LIMIT_RANGE, "limitranges", selectable=NAME),
    Form("ResourceQuota", resource_quota_pb2.ResourceQuota, others.RESOURCE_QUOTA, "resourcequotas", selectable=NAME),
    Form("Binding", pod_service_pb2.Binding, BINDING, "bindings"),
)
