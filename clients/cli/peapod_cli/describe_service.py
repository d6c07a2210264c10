"""A service for people: where it is, whom it picks, and who answers for it now; and endpoints by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from peapod.common.kinds import ENDPOINTS
from peapod_cli import columns, words
from peapod_cli.calls import Connection
from peapod_cli.sections import Lines, pairs, section
from peapod_cli.table import Row

if TYPE_CHECKING:
    from peapod.v1.endpoints_pb2 import EndpointAddress, EndpointPort, Endpoints
    from peapod.v1.service_pb2 import Service, ServicePort

SHOWN_ADDRESSES = 100
"""How many of its addresses are named."""


def lines(service: Service, connection: Connection) -> Lines:
    """Say it all, with the addresses that answer."""
    from peapod.v1 import service_pb2

    metadata, spec = service.metadata, service.spec
    answering = connection.of(ENDPOINTS).find(metadata.namespace, metadata.name)
    yield from pairs(
        ("Name:", metadata.name),
        ("Namespace:", metadata.namespace),
        ("Labels:", words.labels(metadata.labels)),
        ("Annotations:", words.labels(metadata.annotations) if metadata.annotations else ""),
        ("Selector:", words.labels(spec.selector)),
        ("IP:", spec.cluster_ip or words.NONE),
        ("Public IPs:", ", ".join(spec.external_ips)),
        ("Port:", ", ".join(_port(port) for port in spec.ports)),
        ("Endpoints:", columns.addresses(answering, SHOWN_ADDRESSES) if answering else words.NONE),
        ("Session Affinity:", _affinity(spec.session_affinity, service_pb2.SessionAffinity)),
        ("Created:", words.moment(metadata.creation_timestamp)),
    )


def _affinity(value: int, names: type) -> str:
    return {"ClientIp": "ClientIP"}.get(said := words.plain(value, names, "SESSION_AFFINITY_"), said)


def _port(port: ServicePort) -> str:
    name = f"{port.name} " if port.name else ""
    target = words.port(port.target_port)
    return f"{name}{port.port}/{words.protocol(port.protocol)}" + (f" -> {target}" if target != "0" else "")


def endpoints_lines(endpoints: Endpoints, connection: Connection) -> Lines:
    """Say which addresses there are, at which ports, and whose they are."""
    metadata = endpoints.metadata
    yield from pairs(
        ("Name:", metadata.name),
        ("Namespace:", metadata.namespace),
        ("Labels:", words.labels(metadata.labels)),
        ("Created:", words.moment(metadata.creation_timestamp)),
    )
    rows = [
        _address(address, port) for subset in endpoints.subsets for address in subset.addresses for port in subset.ports
    ]
    yield from section("Addresses:", ("ADDRESS", "PORT", "PROTOCOL", "NAME", "OF"), rows)


def _address(address: EndpointAddress, port: EndpointPort) -> Row:
    whose = address.target_ref
    of = f"{whose.kind} {whose.name}".strip()
    return (address.ip, str(port.port), words.protocol(port.protocol), port.name, of)
