"""What must be reachable: the ports of services, where they are asked for, and who answers there. Nothing here acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address
from typing import NamedTuple

from peapod.common.follower import Key, key_of
from peapod.v1.endpoints_pb2 import Endpoints
from peapod.v1.pod_pb2 import PROTOCOL_UDP, Protocol
from peapod.v1.service_pb2 import SESSION_AFFINITY_CLIENT_IP, Service, ServicePort

AFFINITY_SECONDS = 180 * 60
"""For so long after its last connection a client goes on talking to the same backend."""
NAMES_TOLD_MOST = 5


class Backend(NamedTuple):
    """Who answers."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


class Place(NamedTuple):
    """Where something is asked for; `protocol` is "tcp" or "udp"."""

    protocol: str
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}/{self.protocol}"


@dataclass(frozen=True, slots=True)
class Portal:
    """One port of one service. Without backends it is to refuse."""

    name: str
    """The service's namespace and name, and the port's name, if it has one."""
    protocol: str
    port: int
    portal_ips: tuple[str, ...]
    """The service's own address; empty where that is another one's."""
    public_ips: tuple[str, ...] = ()
    backends: tuple[Backend, ...] = ()
    affinity_seconds: int = 0
    """How long a client stays with its backend; 0 is not at all."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Where it is asked for."""
        return tuple(Place(self.protocol, address, self.port) for address in (*self.portal_ips, *self.public_ips))


class Picture(NamedTuple):
    """All portals by name, and in words what cannot be had because another service has it."""

    portals: tuple[Portal, ...] = ()
    conflicts: tuple[str, ...] = ()


def picture(services: Iterable[Service], endpoints: Mapping[Key, Endpoints]) -> Picture:
    """Say what must be reachable. Services without a portal IP of their own are not.

    A place that several services claim is the oldest one's, and portal IPs come before public ones, so that nobody
    can take another's clients away by naming its address.
    """
    asked = [portal for service in sorted(services, key=_age) for portal in _portals(service, endpoints)]
    owners: dict[Place, str] = {}
    for addresses in ("portal_ips", "public_ips"):
        for portal in asked:
            for address in getattr(portal, addresses):
                owners.setdefault(Place(portal.protocol, address, portal.port), portal.name)
    granted = (_granted(portal, owners) for portal in asked)
    portals = sorted((portal for portal in granted if portal.places), key=lambda portal: portal.name)
    return Picture(tuple(portals), tuple(_conflicts(asked, owners)))


def difference(before: Sequence[Portal], after: Sequence[Portal]) -> str:
    """Say in one clause which portals are not what they were; empty when none is."""
    old, new = ({portal.name: portal for portal in portals} for portals in (before, after))
    changes = {
        "added": sorted(new.keys() - old.keys()),
        "changed": sorted(name for name in new.keys() & old.keys() if new[name] != old[name]),
        "removed": sorted(old.keys() - new.keys()),
    }
    return ", ".join(f"{verb} {_some(names)}" for verb, names in changes.items() if names)


def _portals(service: Service, endpoints: Mapping[Key, Endpoints]) -> Iterator[Portal]:
    portal_ip = _ipv4(service.spec.cluster_ip)
    if portal_ip is None:
        return
    found = endpoints.get(key_of(service), Endpoints())
    public_ips = dict.fromkeys(ip for text in service.spec.external_ips if (ip := _ipv4(text)) and ip != portal_ip)
    sticky = service.spec.session_affinity == SESSION_AFFINITY_CLIENT_IP
    for port in service.spec.ports:
        yield Portal(
            name="/".join(key_of(service)) + (f":{port.name}" if port.name else ""),
            protocol=_word(port.protocol),
            port=port.port,
            portal_ips=(portal_ip,),
            public_ips=tuple(public_ips),
            backends=tuple(sorted(set(_backends(port, found)))),
            affinity_seconds=AFFINITY_SECONDS if sticky else 0,
        )


def _backends(port: ServicePort, endpoints: Endpoints) -> Iterator[Backend]:
    for subset in endpoints.subsets:
        for offered in subset.ports:
            # A service's only port may go without its name here.
            if offered.name in (port.name, "") and _word(offered.protocol) == _word(port.protocol):
                addresses = (_ipv4(address.ip) for address in subset.addresses)
                yield from (Backend(address, offered.port) for address in addresses if address)


def _granted(portal: Portal, owners: Mapping[Place, str]) -> Portal:
    def own(addresses: Iterable[str]) -> tuple[str, ...]:
        return tuple(one for one in addresses if owners[Place(portal.protocol, one, portal.port)] == portal.name)

    # A portal behind a portal would have a proxy talk to itself for ever.
    backends = (one for one in portal.backends if Place(portal.protocol, *one) not in owners)
    return replace(
        portal, portal_ips=own(portal.portal_ips), public_ips=own(portal.public_ips), backends=tuple(backends)
    )


def _conflicts(asked: Iterable[Portal], owners: Mapping[Place, str]) -> Iterator[str]:
    for portal in asked:
        for place in portal.places:
            if owners[place] != portal.name:
                yield f"service {portal.name} cannot have {place}: it is {owners[place]}'s"


def _age(service: Service) -> tuple[int, int, Key]:
    created = service.metadata.creation_timestamp
    return created.seconds, created.nanos, key_of(service)


def _word(protocol: Protocol) -> str:
    return "udp" if protocol == PROTOCOL_UDP else "tcp"


def _ipv4(text: str) -> str | None:
    """Write an address in its usual form; None for what is none, such as a host's name, and for IPv6."""
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        return None


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMES_TOLD_MOST
    return " ".join(names[:NAMES_TOLD_MOST]) + (f" and {more} more" if more > 0 else "")
