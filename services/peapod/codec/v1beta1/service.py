"""The table of Service, whose only port has its words at the top.

`portName` is not of v0.14; it is written only when there is something to say.
"""

from __future__ import annotations

from typing import Any

from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report
from peapod.codec.engine.scalars import INT32, LABELS, TEXT, TEXTS, PortReference, boolean, words
from peapod.codec.engine.shapes import Constant, Scalar
from peapod.codec.engine.table import Field, Reader, Schema, Table
from peapod.codec.v1beta1.meta import METADATA, PROTOCOL
from peapod.v1 import service_pb2

AFFINITY = words(
    {"ClientIP": service_pb2.SESSION_AFFINITY_CLIENT_IP, "None": service_pb2.SESSION_AFFINITY_NONE},
)


def _take_load_balancer(value: object) -> int:
    return service_pb2.SERVICE_TYPE_LOAD_BALANCER if boolean(value) else service_pb2.SERVICE_TYPE_UNSPECIFIED


LOAD_BALANCER = Scalar(
    _take_load_balancer,
    lambda number: number == service_pb2.SERVICE_TYPE_LOAD_BALANCER or None,
    written=Schema("boolean"),
)
"""The type of a service as true for the one that is not the usual one."""


class TargetPort(PortReference):
    """A port of which 0 says no more than nothing does."""

    def reader(self, place: Place) -> Reader:
        """Leave 0 out."""
        read = super().reader(place)

        def read_unless_zero(value: Any, message: Any, report: Report) -> None:
            if value != 0 or isinstance(value, bool | float):
                read(value, message, report)

        return read_unless_zero


TARGET_PORT = TargetPort()

SERVICE = Table(
    "Service",
    *METADATA,
    Field("port", "spec.ports[0].port", INT32, always=True, required=True),
    Field("protocol", "spec.ports[0].protocol", PROTOCOL),
    Field("portName", "spec.ports[0].name", TEXT),
    Field("selector", "spec.selector", LABELS, always=True),
    Field("createExternalLoadBalancer", "spec.type", LOAD_BALANCER),
    Field("containerPort", "spec.ports[0].target_port", TARGET_PORT, always=True),
    Field("publicIPs", "spec.external_ips", TEXTS),
    Field("portalIP", "spec.cluster_ip", TEXT),
    Field("proxyPort", "", Constant(written=INT32.schema)),
    Field("sessionAffinity", "spec.session_affinity", AFFINITY),
)
