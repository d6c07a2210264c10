"""The names of one service, as a pure function of the service and its endpoints."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import dns.exception
import dns.name
import dns.reversename
from dns.name import Name
from dns.rdata import Rdata
from dns.rdataclass import IN
from dns.rdatatype import AAAA as AAAA_TYPE
from dns.rdatatype import PTR as PTR_TYPE
from dns.rdatatype import SRV as SRV_TYPE
from dns.rdatatype import A as A_TYPE
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.SRV import SRV

from peapod.common.names import dns_subdomain_problem
from peapod.rules.addresses import read_address
from peapod.rules.service import HEADLESS
from peapod.v1.endpoints_pb2 import EndpointAddress, Endpoints
from peapod.v1.pod_pb2 import PROTOCOL_UDP, Protocol
from peapod.v1.service_pb2 import Service

Records = Mapping[Name, Sequence[Rdata]]
"""What there is at each name; a name with nothing at it exists all the same."""

PRIORITY = WEIGHT = 10
"""Of every SRV record: no place of a service is better than another."""


class _Port(NamedTuple):
    name: str
    protocol: Protocol
    number: int


class _Place(NamedTuple):
    """Where a service answers: a name with one address, and the ports there."""

    name: Name
    address: Rdata
    ports: Sequence[_Port]


def records_of(domain: Name, service: Service, endpoints: Endpoints | None) -> Records:
    """List the names of a service in a domain.

    A name that is longer than DNS has words for is left out.
    """
    owner = _below(domain, f"{service.metadata.name}.{service.metadata.namespace}")
    if owner is None:
        return {}
    found: defaultdict[Name, list[Rdata]] = defaultdict(list, {owner: []})
    for place in _places(owner, service, endpoints):
        for name in dict.fromkeys((owner, place.name)):
            found[name].append(place.address)
        for port in place.ports:
            # A port without a name, as all of v1beta1 are, is found by its service's name alone.
            for name in filter(None, (owner, _of_port(owner, port))):
                found[name].append(SRV(IN, SRV_TYPE, PRIORITY, WEIGHT, port.number, place.name))
    if portal := read_address(service.spec.cluster_ip):
        found[dns.reversename.from_address(str(portal))].append(PTR(IN, PTR_TYPE, owner))
    return found


def _places(owner: Name, service: Service, endpoints: Endpoints | None) -> Iterator[_Place]:
    spec = service.spec
    if spec.cluster_ip == HEADLESS:
        yield from _hosts(owner, endpoints or Endpoints())
    elif (address := _address(spec.cluster_ip)) is not None:
        yield _Place(owner, address, [_Port(port.name, port.protocol, port.port) for port in spec.ports])


def _hosts(owner: Name, endpoints: Endpoints) -> Iterator[_Place]:
    """Give each endpoint of a headless service a name of its own, its pod's where it is one."""
    for subset in endpoints.subsets:
        ports = [_Port(port.name, port.protocol, port.port) for port in subset.ports]
        for one in subset.addresses:
            if (address := _address(one.ip)) is not None and (name := _host(owner, one)) is not None:
                yield _Place(name, address, ports)


def _host(owner: Name, address: EndpointAddress) -> Name | None:
    dashed = ipaddress.ip_address(address.ip).exploded.replace(".", "-").replace(":", "-")
    target = address.target_ref
    # Endpoints may be written by hand: what is no name of a pod might lead out of the domain.
    is_pod = target.kind == "Pod" and not dns_subdomain_problem(target.name)
    return (_below(owner, target.name) if is_pod else None) or _below(owner, dashed)


def _of_port(owner: Name, port: _Port) -> Name | None:
    protocol = "udp" if port.protocol == PROTOCOL_UDP else "tcp"
    return _below(owner, f"_{port.name}._{protocol}") if port.name else None


def _address(text: str) -> Rdata | None:
    match read_address(text):
        case None:
            return None
        case ipaddress.IPv4Address():
            return A(IN, A_TYPE, text)
        case address:
            return AAAA(IN, AAAA_TYPE, str(address))


def _below(parent: Name, text: str) -> Name | None:
    """Make a name; None where a label or the whole is too long."""
    try:
        return dns.name.from_text(text, parent)
    except dns.exception.DNSException:
        return None
