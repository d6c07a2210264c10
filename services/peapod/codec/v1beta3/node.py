"""The table of Node.

`allocatable` and `daemonEndpoints` are not of 2015; they are written only when there is something to say.
"""

from __future__ import annotations

from peapod.codec.engine.many import Objects
from peapod.codec.engine.scalars import BOOL, TEXT
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1.meta import IGNORED
from peapod.codec.v1beta1.minion import ADDRESS, DAEMONS, NODE_INFO, OF_CONDITIONS
from peapod.codec.v1beta3.meta import CONDITION_STATUS, METADATA
from peapod.codec.v1beta3.resources import QUANTITIES

SPEC = Table(
    "NodeSpec",
    Field("podCIDR", "pod_cidr", TEXT),
    Field("externalID", "external_id", TEXT),
    Field("unschedulable", "unschedulable", BOOL),
)

CONDITION = Table(
    "NodeCondition",
    Field("type", "type", TEXT, always=True),
    Field("status", "status", CONDITION_STATUS, always=True),
    *OF_CONDITIONS,
)

STATUS = Table(
    "NodeStatus",
    Field("capacity", "capacity", QUANTITIES),
    Field("allocatable", "allocatable", QUANTITIES),
    Field("phase", "", IGNORED),
    Field("conditions", "conditions", Objects(CONDITION)),
    Field("addresses", "addresses", Objects(ADDRESS)),
    Field("nodeInfo", "node_info", Object(NODE_INFO), always=True),
    Field("daemonEndpoints", "daemon_endpoints", Object(DAEMONS)),
)

NODE = Table(
    "Node",
    *METADATA,
    Field("spec", "spec", Object(SPEC), always=True),
    Field("status", "status", Object(STATUS), always=True),
)
