"""What endpoints get by default, and what is wrong with them (v1beta1.md, 1.8 and 2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import Message

from peapod.common.errors import Violation
from peapod.rules import ports
from peapod.rules.addresses import read_address
from peapod.v1 import endpoints_pb2, pod_pb2


def set_defaults(endpoints: endpoints_pb2.Endpoints) -> None:
    """Fill in the protocol, and make one subset of those with the same ports.

    What is wrong somewhere is left as it is, so that it is named where its user wrote it.
    """
    for subset in endpoints.subsets:
        for port in subset.ports:
            port.protocol = port.protocol or pod_pb2.PROTOCOL_TCP
    if not any(True for _ in violations(endpoints)):
        _merge_equal_ports(endpoints)


def violations(endpoints: endpoints_pb2.Endpoints) -> Iterator[Violation]:
    """Find everything that is wrong with endpoints whose defaults are set, apart from their metadata."""
    for index, subset in enumerate(endpoints.subsets):
        path = f"subsets[{index}]"
        if not subset.addresses:
            yield Violation.required(f"{path}.addresses")
        if not subset.ports:
            yield Violation.required(f"{path}.ports")
        for number, address in enumerate(subset.addresses):
            yield from _address_violations(address.ip, f"{path}.addresses[{number}].ip")
        for number, port in enumerate(subset.ports):
            yield from _port_violations(port, f"{path}.ports[{number}]")


def _address_violations(ip: str, path: str) -> Iterator[Violation]:
    if not ip:
        yield Violation.required(path)
    elif read_address(ip) is None:
        yield Violation(path, f"{ip!r} is no IP address")


def _port_violations(port: endpoints_pb2.EndpointPort, path: str) -> Iterator[Violation]:
    yield from ports.name_violations(port.name, f"{path}.name")
    yield from ports.number_violations(port.port, f"{path}.port")
    yield from ports.protocol_violations(port.protocol, f"{path}.protocol")


def _merge_equal_ports(endpoints: endpoints_pb2.Endpoints) -> None:
    firsts: dict[frozenset[bytes], endpoints_pb2.EndpointSubset] = {}
    merged = []
    for index, subset in enumerate(endpoints.subsets):
        first = firsts.setdefault(frozenset(map(_identity, subset.ports)), subset)
        if first is not subset:
            known = set(map(_identity, first.addresses))
            first.addresses.extend(address for address in subset.addresses if _identity(address) not in known)
            merged.append(index)
    for index in reversed(merged):
        del endpoints.subsets[index]


def _identity(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)
