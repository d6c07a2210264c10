"""The columns of `get`, for each kind: v1beta1.md 5.2, the pod's as in the chapter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from peapod.common.kinds import (
    ENDPOINTS,
    EVENT,
    LIMIT_RANGE,
    NAMESPACE,
    NODE,
    POD,
    REPLICATION_CONTROLLER,
    RESOURCE_QUOTA,
    SECRET,
    SERVICE,
    Kind,
)
from peapod_cli import words
from peapod_cli.table import Row

if TYPE_CHECKING:
    from peapod.v1.endpoints_pb2 import Endpoints
    from peapod.v1.event_pb2 import Event
    from peapod.v1.meta_pb2 import ObjectMeta
    from peapod.v1.namespace_pb2 import Namespace
    from peapod.v1.node_pb2 import Node
    from peapod.v1.pod_pb2 import Container, Pod
    from peapod.v1.replication_controller_pb2 import ReplicationController
    from peapod.v1.secret_pb2 import Secret
    from peapod.v1.service_pb2 import Service

GONE = "Deleted"

SHOWN_ADDRESSES = 3
"""How many of a service's addresses a cell names."""


@dataclass(frozen=True)
class Columns:
    """A kind's columns: their heads, and the rows of one object, which is told the time now in Unix seconds."""

    heads: Row
    wide_heads: Row
    rows: Callable[..., list[Row]]
    mark: str = "STATUS"
    """The column that tells when an object is gone; "" for a kind whose end is no news."""

    def of(self, objects: Sequence[object], *, wide: bool, now: float, heads: bool) -> list[Row]:
        """Make all rows of some objects."""
        first: list[Row] = [self.wide_heads if wide else self.heads] if heads else []
        return first + [row for item in objects for row in self.rows(item, wide, now)]

    def gone(self, item: object, *, wide: bool, now: float) -> list[Row]:
        """Make the rows of an object that is no longer there."""
        if not self.mark:
            return []
        first, *others = self.rows(item, wide, now)
        at = (self.wide_heads if wide else self.heads).index(self.mark)
        return [(*first[:at], GONE, *first[at + 1 :]), *others]


def _pod(pod: Pod, wide: bool, now: float) -> list[Row]:
    where = [pod.metadata.name, *([pod.status.pod_ip] if wide else [])]
    rest = [pod_host(pod), words.labels(pod.metadata.labels), pod_phase(pod)]
    rest += [_created(pod.metadata, now)] if wide else []
    return _around_containers(where, pod.spec.containers, rest)


def _around_containers(before: Row, containers: Sequence[Container], behind: Row) -> list[Row]:
    """Make a row with the first container in it, and one with nothing else for each of the others."""
    first, *others = [(container.name, container.image) for container in containers] or [("", "")]
    return [[*before, *first, *behind], *([*("" for _ in before), *other] for other in others)]


def pod_host(pod: Pod) -> str:
    """Say where a pod runs: node and, once its kubelet has told it, address."""
    if not pod.spec.node_name:
        return "<unassigned>"
    return f"{pod.spec.node_name}/{pod.status.host_ip}" if pod.status.host_ip else pod.spec.node_name


def pod_phase(pod: Pod) -> str:
    """Say the phase by its name in the contract."""
    from peapod.v1 import pod_pb2

    return words.plain(pod.status.phase, pod_pb2.PodPhase, "POD_PHASE_")


def _controller(controller: ReplicationController, wide: bool, now: float) -> list[Row]:
    rest = [words.labels(controller.spec.selector), str(controller.spec.replicas)]
    rest += [str(controller.status.replicas), _created(controller.metadata, now)] if wide else []
    return _around_containers([controller.metadata.name], controller.spec.template.spec.containers, rest)


def _service(service: Service, wide: bool, now: float) -> list[Row]:
    pairs = [words.labels(service.metadata.labels), words.labels(service.spec.selector)]
    ports = ",".join(str(port.port) for port in service.spec.ports)
    row = [service.metadata.name, *pairs, service.spec.cluster_ip, ports]
    return [[*row, ",".join(service.spec.external_ips), _created(service.metadata, now)] if wide else row]


def _endpoints(endpoints: Endpoints, wide: bool, now: float) -> list[Row]:
    row = [endpoints.metadata.name, addresses(endpoints, SHOWN_ADDRESSES)]
    return [[*row, _created(endpoints.metadata, now)] if wide else row]


def addresses(endpoints: Endpoints, most: int) -> str:
    """Write `ip:port,ip:port` of the ports without a name, `...` for those beyond `most`."""
    found = [
        f"{address.ip}:{port.port}"
        for subset in endpoints.subsets
        for port in subset.ports
        if not port.name
        for address in subset.addresses
    ]
    return ",".join(found[:most]) + ("..." if len(found) > most else "") or words.NONE


def _node(node: Node, wide: bool, now: float) -> list[Row]:
    row = [node.metadata.name, words.labels(node.metadata.labels), node_status(node)]
    return [[*row, node_address(node), _created(node.metadata, now)] if wide else row]


def node_status(node: Node) -> str:
    """Say of each condition that counts whether it holds."""
    from peapod.v1 import meta_pb2

    known = {condition.type: condition.status == meta_pb2.CONDITION_STATUS_TRUE for condition in node.status.conditions}
    if node.spec.unschedulable:
        known["Schedulable"] = False
    said = [name if known[name] else f"Not{name}" for name in ("Schedulable", "Ready", "Reachable") if name in known]
    return ",".join(said) or "Unknown"


def node_address(node: Node) -> str:
    """Pick the address that others reach the node at."""
    found = {entry.type: entry.address for entry in node.status.addresses}
    return next((found[kind] for kind in ("LegacyHostIP", "InternalIP", "ExternalIP") if kind in found), "")


def _event(event: Event, wide: bool, now: float) -> list[Row]:
    about = event.involved_object
    times = [words.moment(event.first_timestamp), words.moment(event.last_timestamp)]
    who = [about.name, about.kind, about.field_path]
    source = f"{{{event.source.component} {event.source.host}}}"
    return [[*times, str(event.count), *who, event.reason, source, event.message]]


def _namespace(namespace: Namespace, wide: bool, now: float) -> list[Row]:
    row = [namespace.metadata.name, words.labels(namespace.metadata.labels), namespace_phase(namespace)]
    return [[*row, _created(namespace.metadata, now)] if wide else row]


def namespace_phase(namespace: Namespace) -> str:
    """Say the phase."""
    from peapod.v1 import namespace_pb2

    return words.plain(namespace.status.phase, namespace_pb2.NamespacePhase, "NAMESPACE_PHASE_")


def _secret(secret: Secret, wide: bool, now: float) -> list[Row]:
    row = [secret.metadata.name, str(len(secret.data))]
    return [[*row, secret.type, _created(secret.metadata, now)] if wide else row]


def _named(item: Any, wide: bool, now: float) -> list[Row]:
    return [[item.metadata.name, _created(item.metadata, now)] if wide else [item.metadata.name]]


def _created(metadata: ObjectMeta, now: float) -> str:
    return words.age(now - metadata.creation_timestamp.seconds)


def by_last_time(event: Any) -> tuple[int, int]:
    """Order events from old to new; those that tell whole seconds only, as they were stored."""
    return (event.last_timestamp.ToNanoseconds(), event.metadata.resource_version)


_EVENT_HEADS = ("FIRSTSEEN", "LASTSEEN", "COUNT", "NAME", "KIND", "SUBOBJECT", "REASON", "SOURCE", "MESSAGE")
_CONTROLLER_HEADS = ("CONTROLLER", "CONTAINER(S)", "IMAGE(S)", "SELECTOR", "REPLICAS")
_SERVICE_HEADS = ("NAME", "LABELS", "SELECTOR", "IP", "PORT")
_POD_HEADS = ("CONTAINER(S)", "IMAGE(S)", "HOST", "LABELS", "STATUS")

COLUMNS: dict[Kind, Columns] = {
    POD: Columns(("POD", *_POD_HEADS), ("POD", "IP", *_POD_HEADS, "CREATED"), _pod),
    REPLICATION_CONTROLLER: Columns(
        _CONTROLLER_HEADS, (*_CONTROLLER_HEADS, "CURRENT", "CREATED"), _controller, mark="REPLICAS"
    ),
    SERVICE: Columns(_SERVICE_HEADS, (*_SERVICE_HEADS, "PUBLIC IPS", "CREATED"), _service, mark="PORT"),
    ENDPOINTS: Columns(("NAME", "ENDPOINTS"), ("NAME", "ENDPOINTS", "CREATED"), _endpoints, mark="ENDPOINTS"),
    NODE: Columns(("NAME", "LABELS", "STATUS"), ("NAME", "LABELS", "STATUS", "IP", "CREATED"), _node),
    EVENT: Columns(_EVENT_HEADS, _EVENT_HEADS, _event, mark=""),
    NAMESPACE: Columns(("NAME", "LABELS", "STATUS"), ("NAME", "LABELS", "STATUS", "CREATED"), _namespace),
    SECRET: Columns(("NAME", "DATA"), ("NAME", "DATA", "TYPE", "CREATED"), _secret, mark="DATA"),
    LIMIT_RANGE: Columns(("NAME",), ("NAME", "CREATED"), _named, mark=""),
    RESOURCE_QUOTA: Columns(("NAME",), ("NAME", "CREATED"), _named, mark=""),
}
