"""The table of Minion, which the contract calls Node.

`resources.allocatable` and `status.daemonEndpoints` are not of 2015; they are written only when there is something
to say.
"""

from __future__ import annotations

from typing import Any

from peapod.codec.engine.many import Objects
from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report
from peapod.codec.engine.scalars import BOOL, TEXT, TIME
from peapod.codec.engine.shapes import STRING, Object, text
from peapod.codec.engine.table import Field, Reader, Shape, Table, Writer
from peapod.codec.v1beta1.meta import CONDITION_STATUS, IGNORED, METADATA
from peapod.codec.v1beta1.resources import RESOURCES

LEGACY_ADDRESS = "LegacyHostIP"


def _legacy(addresses: Any) -> str | None:
    return next((entry.address for entry in addresses if entry.type == LEGACY_ADDRESS), None)


class HostIP(Shape):
    """The address of the legacy type, shown as a field of its own."""

    schema = STRING

    def reader(self, place: Place) -> Reader:
        """Add the address, unless the list of addresses has one of the type."""
        addresses_of = place.made_value_of

        def read(value: Any, message: Any, _: Report) -> None:
            address, addresses = text(value), addresses_of(message)
            if address and _legacy(addresses) is None:
                addresses.add(type=LEGACY_ADDRESS, address=address)

        return read

    def writer(self, place: Place) -> Writer:
        """Pick the address."""
        addresses_of = place.value_of
        return lambda message: _legacy(addresses_of(message))


OF_CONDITIONS = (
    Field("lastProbeTime", "last_heartbeat_time", TIME, always=True),
    Field("lastTransitionTime", "last_transition_time", TIME, always=True),
    Field("reason", "reason", TEXT),
    Field("message", "message", TEXT),
)

CONDITION = Table(
    "NodeCondition",
    Field("kind", "type", TEXT, always=True),
    Field("status", "status", CONDITION_STATUS, always=True),
    *OF_CONDITIONS,
)

ADDRESS = Table(
    "NodeAddress",
    Field("type", "type", TEXT, always=True),
    Field("address", "address", TEXT, always=True),
)

NODE_INFO = Table(
    "NodeSystemInfo",
    Field("machineID", "machine_id", TEXT, always=True),
    Field("systemUUID", "system_uuid", TEXT, always=True),
    Field("bootID", "boot_id", TEXT, always=True),
    Field("kernelVersion", "kernel_version", TEXT, always=True),
    Field("osImage", "os_image", TEXT, always=True),
    Field("containerRuntimeVersion", "container_runtime_version", TEXT, always=True),
    Field("kubeletVersion", "kubelet_version", TEXT, always=True),
    Field("KubeProxyVersion", "kube_proxy_version", TEXT, always=True),
)

DAEMONS = Table("NodeDaemonEndpoints", Field("kubeletAddress", "kubelet_address", TEXT))

STATUS = Table(
    "NodeStatus",
    Field("phase", "", IGNORED),
    Field("conditions", "conditions", Objects(CONDITION)),
    Field("addresses", "addresses", Objects(ADDRESS)),
    Field("nodeInfo", "node_info", Object(NODE_INFO), always=True),
    Field("daemonEndpoints", "daemon_endpoints", Object(DAEMONS)),
)

RESOURCES_OF_NODE = Table(
    "NodeResources",
    Field("capacity", "status.capacity", RESOURCES),
    Field("allocatable", "status.allocatable", RESOURCES),
)

MINION = Table(
    "Minion",
    *METADATA,
    Field("podCIDR", "spec.pod_cidr", TEXT),
    Field("resources", "", Object(RESOURCES_OF_NODE), always=True),
    Field("unschedulable", "spec.unschedulable", BOOL),
    Field("status", "status", Object(STATUS)),
    Field("hostIP", "status.addresses", HostIP()),
    Field("externalID", "spec.external_id", TEXT),
)
