"""What a service gets by default, and what is wrong with one (v1beta1.md, 2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.common import names
from peapod.common.errors import Violation
from peapod.rules import ports
from peapod.rules.addresses import read_address
from peapod.rules.metadata import label_violations
from peapod.v1 import pod_pb2, service_pb2

HEADLESS = "None"
"""The portal IP of a service that has none."""

_AFFINITIES = frozenset(service_pb2.SessionAffinity.values())
_TYPES = frozenset(service_pb2.ServiceType.values())


def set_defaults(service: service_pb2.Service) -> None:
    """Fill in everything that the contract gives a default, but for the portal IP."""
    spec = service.spec
    spec.session_affinity = spec.session_affinity or service_pb2.SESSION_AFFINITY_NONE
    spec.type = spec.type or service_pb2.SERVICE_TYPE_CLUSTER_IP
    for port in spec.ports:
        port.protocol = port.protocol or pod_pb2.PROTOCOL_TCP


def violations(service: service_pb2.Service) -> Iterator[Violation]:
    """Find everything that is wrong with a service whose defaults are set, apart from its metadata."""
    spec = service.spec
    if not spec.ports:
        yield Violation.required("spec.ports", "is required: a service has one port")
    elif len(spec.ports) > 1:
        yield Violation("spec.ports", f"must be one port, not {len(spec.ports)}")
    for index, port in enumerate(spec.ports):
        yield from _port_violations(port, f"spec.ports[{index}]")
    yield from label_violations("spec.selector", spec.selector)
    if spec.cluster_ip and spec.cluster_ip != HEADLESS and read_address(spec.cluster_ip) is None:
        yield Violation("spec.cluster_ip", f"must be an IP address, {HEADLESS!r} or empty, not {spec.cluster_ip!r}")
    for index, address in enumerate(spec.external_ips):
        yield from _external_ip_violations(address, f"spec.external_ips[{index}]")
    if spec.session_affinity not in _AFFINITIES:
        yield Violation.not_supported("spec.session_affinity", f"{spec.session_affinity} is no session affinity")
    if spec.type not in _TYPES:
        yield Violation.not_supported("spec.type", f"{spec.type} is no type of services")


def update_violations(new: service_pb2.Service, old: service_pb2.Service) -> Iterator[Violation]:
    """Freeze the address that others may know by now."""
    if old.spec.cluster_ip and new.spec.cluster_ip != old.spec.cluster_ip:
        yield Violation("spec.cluster_ip", f"is immutable once it is set: it is {old.spec.cluster_ip}")


def unsupported(service: service_pb2.Service) -> Iterator[Violation]:
    """Find what only a cloud could do."""
    if service.spec.type == service_pb2.SERVICE_TYPE_LOAD_BALANCER:
        yield Violation.not_supported("spec.type", "there is no cloud provider to make a load balancer")


def _port_violations(port: service_pb2.ServicePort, path: str) -> Iterator[Violation]:
    yield from ports.name_violations(port.name, f"{path}.name")
    yield from ports.protocol_violations(port.protocol, f"{path}.protocol")
    yield from ports.number_violations(port.port, f"{path}.port")
    target = port.target_port
    if target.WhichOneof("value") == "text":
        if not target.text:
            yield Violation.required(f"{path}.target_port")
    elif target.number:
        yield from ports.number_violations(target.number, f"{path}.target_port")


def _external_ip_violations(text: str, path: str) -> Iterator[Violation]:
    address = read_address(text)
    if not text:
        yield Violation.required(path)
    elif address is None:
        # Names of hosts were always taken here.
        if problem := names.dns_subdomain_problem(text.lower()):
            yield Violation(path, f"is no IP address, and as the name of a host it {problem}")
    elif address.is_unspecified or address.is_loopback:
        yield Violation(path, f"must be an address that others can reach, not {text}")
