"""Draws objects that break no rule, of the kinds that users write by hand."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from hypothesis import strategies as st

from peapod.common import kinds, quantity
from peapod.common.kinds import Kind
from peapod.rules.limit_range import TYPES
from peapod.rules.resources import COMPUTE, COUNTED
from peapod.v1.endpoints_pb2 import EndpointAddress, EndpointPort, Endpoints, EndpointSubset
from peapod.v1.limit_range_pb2 import LimitRange, LimitRangeItem, LimitRangeSpec
from peapod.v1.meta_pb2 import ObjectMeta, ObjectReference
from peapod.v1.pod_pb2 import Container, ContainerPort, IntOrString, PodSpec
from peapod.v1.replication_controller_pb2 import PodTemplateSpec, ReplicationController, ReplicationControllerSpec
from peapod.v1.resource_quota_pb2 import ResourceQuota, ResourceQuotaSpec
from peapod.v1.service_pb2 import Service, ServicePort, ServiceSpec

WORDS = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
VALUES = st.from_regex(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,5})?", fullmatch=True)
LABELS = st.dictionaries(WORDS, VALUES, max_size=2)
PORTS = st.integers(1, 65535)
PROTOCOLS = st.integers(0, 2)
ADDRESSES = st.ip_addresses().map(str)
QUANTITIES = st.integers(0, 10**9).map(lambda thousandths: quantity.canonical(f"{thousandths}m"))
METADATA = st.builds(ObjectMeta, labels=LABELS, annotations=st.dictionaries(WORDS, st.text(max_size=20), max_size=2))


def _amounts(names: frozenset[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(sorted(names)), QUANTITIES, max_size=3)


def _containers() -> st.SearchStrategy[list[Container]]:
    ports = st.lists(st.builds(ContainerPort, container_port=PORTS, protocol=PROTOCOLS), max_size=2)
    one = st.builds(Container, name=WORDS.filter(lambda name: name != "net"), image=WORDS, ports=ports)
    return st.lists(one, min_size=1, max_size=2, unique_by=lambda container: container.name)


@st.composite
def _controllers(draw: st.DrawFn) -> ReplicationController:
    selector = draw(st.dictionaries(WORDS, VALUES, min_size=1, max_size=2))
    labels = {**draw(LABELS), **selector}
    template = PodTemplateSpec(metadata=ObjectMeta(labels=labels), spec=PodSpec(containers=draw(_containers())))
    spec = ReplicationControllerSpec(replicas=draw(st.integers(0, 2**31 - 1)), selector=selector, template=template)
    return ReplicationController(metadata=draw(METADATA), spec=spec)


def _services() -> st.SearchStrategy[Service]:
    targets = st.one_of(
        st.none(), st.builds(IntOrString, number=st.integers(0, 65535)), st.builds(IntOrString, text=WORDS)
    )
    port = st.builds(ServicePort, name=WORDS, port=PORTS, protocol=PROTOCOLS, target_port=targets)
    reachable = st.ip_addresses().filter(lambda one: not one.is_loopback and not one.is_unspecified).map(str)
    spec = st.builds(
        ServiceSpec,
        ports=st.tuples(port),
        selector=LABELS,
        cluster_ip=st.sampled_from(["", "None"]),
        external_ips=st.lists(reachable | WORDS, max_size=2),
        session_affinity=st.integers(0, 2),
        type=st.integers(0, 1),
    )
    return st.builds(Service, metadata=METADATA, spec=spec)


def _endpoints() -> st.SearchStrategy[Endpoints]:
    target = st.none() | st.builds(ObjectReference, kind=WORDS, name=WORDS)
    subset = st.builds(
        EndpointSubset,
        addresses=st.lists(st.builds(EndpointAddress, ip=ADDRESSES, target_ref=target), min_size=1, max_size=3),
        ports=st.lists(st.builds(EndpointPort, name=WORDS, port=PORTS, protocol=PROTOCOLS), min_size=1, max_size=2),
    )
    return st.builds(Endpoints, metadata=METADATA, subsets=st.lists(subset, max_size=3))


def _limit_ranges() -> st.SearchStrategy[LimitRange]:
    item = st.builds(LimitRangeItem, type=st.sampled_from(TYPES), max=_amounts(COMPUTE), min=_amounts(COMPUTE))
    spec = st.builds(LimitRangeSpec, limits=st.lists(item, max_size=2))
    return st.builds(LimitRange, metadata=METADATA, spec=spec)


def _quotas() -> st.SearchStrategy[ResourceQuota]:
    return st.builds(ResourceQuota, metadata=METADATA, spec=st.builds(ResourceQuotaSpec, hard=_amounts(COUNTED)))


RIGHT: dict[Kind, st.SearchStrategy[Any]] = {
    kinds.REPLICATION_CONTROLLER: _controllers(),
    kinds.SERVICE: _services(),
    kinds.ENDPOINTS: _endpoints(),
    kinds.LIMIT_RANGE: _limit_ranges(),
    kinds.RESOURCE_QUOTA: _quotas(),
}


def said(obj: Message) -> Any:
    """What a user said of an object, without what the server adds to the metadata, and without the status."""
    copy: Any = type(obj)()
    copy.CopyFrom(obj)
    kept = copy.metadata
    copy.metadata.CopyFrom(ObjectMeta(name=kept.name, labels=kept.labels, annotations=kept.annotations))
    if "status" in obj.DESCRIPTOR.fields_by_name:
        copy.ClearField("status")
    return copy
