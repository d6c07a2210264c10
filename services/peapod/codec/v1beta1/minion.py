"""The table of Minion, which the contract calls Node.

`resources.allocatable` and `status.daemonEndpoints` are not of 2015; they are written only when there is something
to say.
"""

from __future__ import annotations

from typing import Any

from peapod.codec.engine.scalars import BOOL, TEXT, TIME
from peapod.codec.engine.shapes import Constant, Field, Object, Objects, Report, Shape, Slot, text
from peapod.codec.v1beta1.meta import CONDITION_STATUS, METADATA
from peapod.codec.v1beta1.resources import RESOURCES

LEGACY_ADDRESS = "LegacyHostIP"


class HostIP(Shape):
    """The address of the legacy type, shown as a field of its own."""

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Add the address, unless the list of addresses has one of the type."""
        try:
            address = text(value)
        except ValueError as wrong:
            report.problem(str(wrong))
            return
        if address and self.write(slot) is None:
            slot.value.add(type=LEGACY_ADDRESS, address=address)

    def write(self, slot: Slot) -> Any:
        """Pick the address."""
        return next((entry.address for entry in slot.value if entry.type == LEGACY_ADDRESS), None)


CONDITION = (
    Field("kind", "type", TEXT, always=True),
    Field("status", "status", CONDITION_STATUS, always=True),
    Field("lastProbeTime", "last_heartbeat_time", TIME, always=True),
    Field("lastTransitionTime", "last_transition_time", TIME, always=True),
    Field("reason", "reason", TEXT),
    Field("message", "message", TEXT),
)

NODE_INFO = (
    Field("machineID", "machine_id", TEXT, always=True),
    Field("systemUUID", "system_uuid", TEXT, always=True),
    Field("bootID", "boot_id", TEXT, always=True),
    Field("kernelVersion", "kernel_version", TEXT, always=True),
    Field("osImage", "os_image", TEXT, always=True),
    Field("containerRuntimeVersion", "container_runtime_version", TEXT, always=True),
    Field("kubeletVersion", "kubelet_version", TEXT, always=True),
    Field("KubeProxyVersion", "kube_proxy_version", TEXT, always=True),
)

STATUS = (
    Field("phase", "", Constant()),
    Field("conditions", "conditions", Objects(CONDITION)),
    Field(
        "addresses",
        "addresses",
        Objects((Field("type", "type", TEXT, always=True), Field("address", "address", TEXT, always=True))),
    ),
    Field("nodeInfo", "node_info", Object(NODE_INFO), always=True),
    Field("daemonEndpoints", "daemon_endpoints", Object((Field("kubeletAddress", "kubelet_address", TEXT),))),
)

MINION = (
    *METADATA,
    Field("podCIDR", "spec.pod_cidr", TEXT),
    Field(
        "resources",
        "",
        Object(
            (
                Field("capacity", "status.capacity", RESOURCES),
                Field("allocatable", "status.allocatable", RESOURCES),
            )
        ),
        always=True,
    ),
    Field("unschedulable", "spec.unschedulable", BOOL),
    Field("status", "status", Object(STATUS)),
    Field("hostIP", "status.addresses", HostIP()),
    Field("externalID", "spec.external_id", TEXT),
)
