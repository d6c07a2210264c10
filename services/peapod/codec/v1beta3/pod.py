"""The table of Pod.

`manifestID`, `terminationGracePeriodSeconds`, `reason` and `startTime` are not of v0.14; they are written only when
there is something to say.
"""

from __future__ import annotations

from peapod.codec.engine.many import Objects
from peapod.codec.engine.scalars import BOOL, INT64, LABELS, TEXT, TIME, words
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1 import container_status
from peapod.codec.v1beta1.pod import DNS_POLICY
from peapod.codec.v1beta3.container import CONTAINER
from peapod.codec.v1beta3.meta import CONDITION_STATUS, METADATA
from peapod.codec.v1beta3.volumes import VOLUME
from peapod.v1 import pod_pb2

RESTART_POLICY = words(
    {
        "Always": pod_pb2.RESTART_POLICY_ALWAYS,
        "OnFailure": pod_pb2.RESTART_POLICY_ON_FAILURE,
        "Never": pod_pb2.RESTART_POLICY_NEVER,
    }
)

PHASE = words(
    {
        "Pending": pod_pb2.POD_PHASE_PENDING,
        "Running": pod_pb2.POD_PHASE_RUNNING,
        "Succeeded": pod_pb2.POD_PHASE_SUCCEEDED,
        "Failed": pod_pb2.POD_PHASE_FAILED,
        "Unknown": pod_pb2.POD_PHASE_UNKNOWN,
    }
)

POD_SPEC = Table(
    "PodSpec",
    Field("volumes", "volumes", Objects(VOLUME), always=True),
    Field("containers", "containers", Objects(CONTAINER), always=True, required=True),
    Field("restartPolicy", "restart_policy", RESTART_POLICY),
    Field("terminationGracePeriodSeconds", "termination_grace_period_seconds", INT64),
    Field("dnsPolicy", "dns_policy", DNS_POLICY),
    Field("nodeSelector", "node_selector", LABELS),
    Field("host", "node_name", TEXT),
    Field("hostNetwork", "host_network", BOOL),
    Field("manifestID", "manifest_id", TEXT),
)

CONDITION = Table(
    "PodCondition",
    Field("type", "type", TEXT, always=True),
    Field("status", "status", CONDITION_STATUS, always=True),
)

CONTAINER_STATUS = Table(
    "ContainerStatus",
    Field("name", "name", TEXT, always=True),
    *container_status.CONTAINER_STATUS,
)

POD_STATUS = Table(
    "PodStatus",
    Field("phase", "phase", PHASE),
    Field("Condition", "conditions", Objects(CONDITION)),
    Field("message", "message", TEXT),
    Field("reason", "reason", TEXT),
    Field("hostIP", "host_ip", TEXT),
    Field("podIP", "pod_ip", TEXT),
    Field("startTime", "start_time", TIME),
    Field("containerStatuses", "container_statuses", Objects(CONTAINER_STATUS)),
)

POD = Table(
    "Pod",
    *METADATA,
    Field("spec", "spec", Object(POD_SPEC), always=True, required=True),
    Field("status", "status", Object(POD_STATUS), always=True),
)
