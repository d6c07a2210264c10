"""The table of Endpoints, which are written twice: as subsets, and as the flat list that was there before.

The flat list is read when there are no subsets. It has only the ports that are called as the first one is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from google.protobuf.message import Message

from peapod.codec.engine.many import Objects
from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report
from peapod.codec.engine.scalars import INT32, TEXT, TEXTS
from peapod.codec.engine.shapes import Object, take_any
from peapod.codec.engine.table import Field, Reader, Schema, Shape, Table, Writer
from peapod.codec.v1beta1.flat_endpoints import joined, read_flat
from peapod.codec.v1beta1.meta import METADATA, PROTOCOL, REFERENCE


class Shown(NamedTuple):
    """One address at one port."""

    address: Any
    port: Any

    @property
    def text(self) -> str:
        """Say both."""
        return joined(self.address.ip, self.port.port)


def shown(subsets: Any) -> Iterator[Shown]:
    """Find what the flat list has."""
    ports = [(subset, port) for subset in subsets for port in subset.ports]
    for subset, port in ports:
        if port.name == ports[0][1].name:
            for address in subset.addresses:
                yield Shown(address, port)


class FlatList(Shape):
    """The flat list, written from the subsets."""

    schema = TEXTS.schema

    def reader(self, place: Place) -> Reader:
        """Leave it to the table, which knows the other keys."""
        return take_any

    def writer(self, place: Place) -> Writer:
        """Write each address with its port."""
        return lambda endpoints: [one.text for one in shown(endpoints.subsets)] or None


class FlatProtocol(FlatList):
    """The protocol of the first port."""

    schema = PROTOCOL.schema

    def writer(self, place: Place) -> Writer:
        """Write it, when there is a port."""
        return lambda endpoints: next((PROTOCOL.give(one.port.protocol) for one in shown(endpoints.subsets)), None)


TARGET = Table(
    "EndpointObjectReference",
    Field("endpoint", "", TEXT, required=True),
    Field("targetRef", "", Object(REFERENCE), required=True),
)
"""Only for those who ask what there is: it is neither read nor written by this."""


class FlatReferences(FlatList):
    """What is behind the addresses of the flat list."""

    schema = Schema("array", items=Schema("object", table=TARGET))

    def writer(self, place: Place) -> Writer:
        """Write a reference for each that there is."""
        return lambda endpoints: [*map(_reference, filter(_refers, shown(endpoints.subsets)))] or None


def _refers(one: Shown) -> bool:
    return bool(one.address.HasField("target_ref"))


def _reference(one: Shown) -> dict[str, Any]:
    return {"endpoint": one.text, "targetRef": REFERENCE.write(one.address.target_ref)}


class EndpointsTable(Table):
    """Reads the flat list where there are no subsets."""

    def read(self, document: Any, message: Message, report: Report) -> None:
        """Read all keys, and of those that say the same twice one."""
        super().read(document, message, report)
        subsets: Any = getattr(message, "subsets")  # noqa: B009
        if isinstance(document, dict) and not subsets:
            read_flat(document, subsets, report)


SUBSET = Table(
    "EndpointSubset",
    Field(
        "addresses",
        "addresses",
        Objects(
            Table(
                "EndpointAddress",
                Field("IP", "ip", TEXT, always=True, required=True),
                Field("targetRef", "target_ref", Object(REFERENCE, pointer=True)),
            )
        ),
        required=True,
    ),
    Field(
        "ports",
        "ports",
        Objects(
            Table(
                "EndpointPort",
                Field("name", "name", TEXT),
                Field("port", "port", INT32, always=True, required=True),
                Field("protocol", "protocol", PROTOCOL),
            )
        ),
        required=True,
    ),
)

ENDPOINTS = EndpointsTable(
    "Endpoints",
    *METADATA,
    Field("protocol", "", FlatProtocol()),
    Field("endpoints", "", FlatList(), always=True),
    Field("targetRefs", "", FlatReferences()),
    Field("subsets", "subsets", Objects(SUBSET), always=True),
)
