"""Reads the flat list of endpoints, and puts addresses that have the same ports together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from peapod.codec.engine.report import Report
from peapod.codec.engine.shapes import text
from peapod.codec.engine.table import kind_of, member
from peapod.codec.v1beta1.meta import PROTOCOL, REFERENCE
from peapod.v1 import meta_pb2

Endpoint = tuple[str, int]
"""An address and a port."""

_ENDPOINT = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<four>[^:\[\]]+)):(?P<port>[0-9]{1,9})")


def joined(address: str, port: int) -> str:
    """Write an address with its port; one that has colons itself in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def parted(value: object) -> Endpoint:
    """Take an address with its port apart; raise ValueError for anything else."""
    match = _ENDPOINT.fullmatch(text(value))
    if match is None:
        raise ValueError('must be an address and a port such as "10.1.0.7:6379"')
    return match["six"] or match["four"], int(match["port"])


def packed(endpoints: Iterable[Endpoint]) -> list[tuple[list[str], list[int]]]:
    """Put ports together that have the same addresses, all in the order in which they come first."""
    by_port: dict[int, dict[str, None]] = {}
    for address, port in endpoints:
        by_port.setdefault(port, {})[address] = None
    by_addresses: dict[frozenset[str], tuple[list[str], list[int]]] = {}
    for port, addresses in by_port.items():
        by_addresses.setdefault(frozenset(addresses), ([*addresses], []))[1].append(port)
    return [*by_addresses.values()]


def read_flat(document: Mapping[Any, Any], subsets: Any, report: Report) -> None:
    """Add the subsets that the flat keys of a document stand for."""
    protocol = _protocol(member(document, "protocol"), report)
    endpoints = [*_endpoints(member(document, "endpoints"), report)]
    references = _references(member(document, "targetRefs"), report)
    for addresses, ports in packed(endpoints):
        subset = subsets.add()
        for port in ports:
            subset.ports.add(port=port, protocol=protocol)
        for address in addresses:
            known = (references.get((address, port)) for port in ports)
            subset.addresses.add(ip=address, target_ref=next(filter(None, known), None))


def _protocol(value: Any, report: Report) -> int:
    try:
        return PROTOCOL.take(value or "")  # type: ignore[no-any-return]
    except ValueError as wrong:
        report.refuse(wrong, ".protocol")
        return 0


def _endpoints(value: Any, report: Report) -> Iterator[Endpoint]:
    for index, item in _items(value, "endpoints", report):
        try:
            yield parted(item)
        except ValueError as wrong:
            report.refuse(wrong, ".endpoints", index)


def _references(value: Any, report: Report) -> Mapping[Endpoint, meta_pb2.ObjectReference]:
    found = {}
    for index, item in _items(value, "targetRefs", report):
        report.steps += [".targetRefs", index]
        try:
            endpoint = parted(member(item, "endpoint"))
        except ValueError as wrong:
            report.refuse(wrong, ".endpoint")
        else:
            found[endpoint] = _reference(member(item, "targetRef"), report)
        del report.steps[-2:]
    return found


def _reference(value: Any, report: Report) -> meta_pb2.ObjectReference:
    reference = meta_pb2.ObjectReference()
    report.steps.append(".targetRef")
    REFERENCE.read(value or {}, reference, report)
    report.steps.pop()
    return reference


def _items(value: Any, key: str, report: Report) -> Iterable[tuple[int, Any]]:
    if isinstance(value, list):
        return enumerate(value)
    if value is not None and value != "":
        report.problem(f"must be a list, not {kind_of(value)}", f".{key}")
    return ()
