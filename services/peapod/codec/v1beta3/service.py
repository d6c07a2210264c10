"""The table of Service. `portName` is not of v0.14; it is written only when there is something to say."""

from __future__ import annotations

from peapod.codec.engine.scalars import INT32, LABELS, TEXT, TEXTS
from peapod.codec.engine.shapes import Constant, Object
from peapod.codec.engine.table import Field, Schema, Table
from peapod.codec.v1beta1.meta import PROTOCOL
from peapod.codec.v1beta1.service import AFFINITY, LOAD_BALANCER, TARGET_PORT
from peapod.codec.v1beta3.meta import METADATA

SPEC = Table(
    "ServiceSpec",
    Field("port", "ports[0].port", INT32, always=True, required=True),
    Field("protocol", "ports[0].protocol", PROTOCOL),
    Field("portName", "ports[0].name", TEXT),
    Field("selector", "selector", LABELS, always=True),
    Field("portalIP", "cluster_ip", TEXT),
    Field("createExternalLoadBalancer", "type", LOAD_BALANCER),
    Field("publicIPs", "external_ips", TEXTS),
    Field("targetPort", "ports[0].target_port", TARGET_PORT, always=True),
    Field("sessionAffinity", "session_affinity", AFFINITY),
)

SERVICE = Table(
    "Service",
    *METADATA,
    Field("spec", "spec", Object(SPEC), always=True, required=True),
    Field("status", "", Constant(dict, written=Schema("object", table=Table("ServiceStatus")))),
)
