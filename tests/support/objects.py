"""Pods and nodes in one line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from peapod.v1 import meta_pb2, node_pb2, pod_pb2

TCP, UDP = pod_pb2.PROTOCOL_TCP, pod_pb2.PROTOCOL_UDP
TRUE, FALSE, UNKNOWN = (
    meta_pb2.CONDITION_STATUS_TRUE,
    meta_pb2.CONDITION_STATUS_FALSE,
    meta_pb2.CONDITION_STATUS_UNKNOWN,
)

NONE: Mapping[str, str] = MappingProxyType({})

Port = tuple[int, pod_pb2.Protocol, str]


def make_pod(
    name: str = "p",
    *,
    namespace: str = "default",
    uid: str = "",
    node: str = "",
    cpu: str = "",
    memory: str = "",
    ports: Iterable[Port | int] = (),
    labels: Mapping[str, str] = NONE,
    selector: Mapping[str, str] = NONE,
    phase: pod_pb2.PodPhase = pod_pb2.POD_PHASE_PENDING,
) -> pod_pb2.Pod:
    """A pod with one container; `cpu` and `memory` are its limits, `ports` its host ports (TCP, all addresses)."""
    limits = {resource: amount for resource, amount in (("cpu", cpu), ("memory", memory)) if amount}
    container = pod_pb2.Container(name="c", image="peapod-test/none:1")
    container.resources.limits.update(limits)
    for port in ports:
        number, protocol, ip = (port, TCP, "") if isinstance(port, int) else port
        container.ports.add(container_port=80, host_port=number, protocol=protocol, host_ip=ip)
    return pod_pb2.Pod(
        metadata=meta_pb2.ObjectMeta(name=name, namespace=namespace, uid=uid or f"uid-{name}", labels=labels),
        spec=pod_pb2.PodSpec(containers=[container], node_name=node, node_selector=selector),
        status=pod_pb2.PodStatus(phase=phase),
    )


def make_node(
    name: str = "n",
    *,
    cpu: str = "4",
    memory: str = "8Gi",
    pods: str = "110",
    labels: Mapping[str, str] = NONE,
    ready: meta_pb2.ConditionStatus | None = TRUE,
    unschedulable: bool = False,
) -> node_pb2.Node:
    """A node that is ready unless told otherwise; `ready=None` leaves the condition out."""
    node = node_pb2.Node(
        metadata=meta_pb2.ObjectMeta(name=name, labels=labels),
        spec=node_pb2.NodeSpec(unschedulable=unschedulable),
        status=node_pb2.NodeStatus(capacity={"cpu": cpu, "memory": memory, "pods": pods}),
    )
    if ready is not None:
        node.status.conditions.add(type="Ready", status=ready)
    return node
