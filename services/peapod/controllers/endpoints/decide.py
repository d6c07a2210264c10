"""Which endpoints a service has, and what is to be done so that they are stored (v1beta1.md, 1.7 and 8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from peapod.controllers.pod_state import is_over, is_ready
from peapod.v1 import pod_pb2
from peapod.v1.endpoints_pb2 import EndpointAddress, Endpoints, EndpointSubset
from peapod.v1.meta_pb2 import ObjectReference
from peapod.v1.service_pb2 import Service, ServicePort

MADE = "peapod.io/made-for-service"
"""The annotation that says for which service, by its uid, endpoints were made: these go with it, and no others."""


def wanted(service: Service, members: Iterable[pod_pb2.Pod]) -> Endpoints:
    """Make the endpoints of a service whose selector picks these pods; equal pods in any order make equal endpoints."""
    (port,) = service.spec.ports
    addresses: defaultdict[int, list[EndpointAddress]] = defaultdict(list)
    for pod in members:
        number = pod_port(pod, port)
        if number and pod.status.pod_ip and is_ready(pod) and not is_over(pod):
            addresses[number].append(_address(pod))
    endpoints = Endpoints()
    endpoints.metadata.name, endpoints.metadata.namespace = service.metadata.name, service.metadata.namespace
    endpoints.metadata.labels.update(service.metadata.labels)
    endpoints.metadata.annotations[MADE] = service.metadata.uid
    endpoints.subsets.extend(_subset(port, number, addresses[number]) for number in sorted(addresses))
    return endpoints


def differ(stored: Endpoints, wish: Endpoints) -> bool:
    """Tell whether endpoints have to be written."""
    ours, theirs = wish.metadata, stored.metadata
    same = dict(ours.labels) == dict(theirs.labels) and ours.annotations[MADE] == theirs.annotations.get(MADE)
    return not same or stored.subsets != wish.subsets


def are_made(endpoints: Endpoints) -> bool:
    """Tell whether endpoints were made for a service, and not by somebody's hand."""
    return MADE in endpoints.metadata.annotations


def pod_port(pod: pod_pb2.Pod, port: ServicePort) -> int:
    """Find where a pod serves a service's port; 0 when the service names a port that the pod does not have."""
    own = [one for container in pod.spec.containers for one in container.ports if one.protocol == port.protocol]
    target = port.target_port
    if target.WhichOneof("value") == "text":
        return next((one.container_port for one in own if one.name == target.text), 0)
    return target.number or (own[0].container_port if own else port.port)


def _address(pod: pod_pb2.Pod) -> EndpointAddress:
    metadata = pod.metadata
    # Without the revision, which changes with all that a pod's node tells of it.
    reference = ObjectReference(kind="Pod", namespace=metadata.namespace, name=metadata.name, uid=metadata.uid)
    return EndpointAddress(ip=pod.status.pod_ip, target_ref=reference)


def _subset(port: ServicePort, number: int, addresses: list[EndpointAddress]) -> EndpointSubset:
    subset = EndpointSubset()
    subset.addresses.extend(sorted(addresses, key=lambda one: (one.ip, one.target_ref.name)))
    subset.ports.add(name=port.name, port=number, protocol=port.protocol)
    return subset
