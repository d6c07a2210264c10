"""The kinds of v1beta1."""

from __future__ import annotations

from peapod.codec.form import Form
from peapod.codec.v1beta1.event import EVENT
from peapod.codec.v1beta1.minion import MINION
from peapod.codec.v1beta1.namespace import NAMESPACE
from peapod.codec.v1beta1.pod import POD
from peapod.codec.v1beta1.secret import SECRET
from peapod.v1 import event_pb2, namespace_pb2, node_pb2, pod_pb2, secret_pb2

FORMS = (
    Form("Pod", pod_pb2.Pod, POD, "pods"),
    Form("Minion", node_pb2.Node, MINION, "minions", namespaced=False, also=("Node",)),
    Form("Event", event_pb2.Event, EVENT, "events"),
    Form("Namespace", namespace_pb2.Namespace, NAMESPACE, "namespaces", namespaced=False),
    Form("Secret", secret_pb2.Secret, SECRET, "secrets"),
)
