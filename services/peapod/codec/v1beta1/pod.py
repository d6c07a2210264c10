"""The table of Pod.

`terminationGracePeriodSeconds`, `reason` and `startTime` are not of v0.14; they are written only when there is
something to say.
"""

from __future__ import annotations

from typing import Any

from peapod.codec.engine.many import Keyed, Objects
from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report
from peapod.codec.engine.scalars import BOOL, INT64, LABELS, TEXT, TIME, words
from peapod.codec.engine.shapes import Constant, Object, Shown
from peapod.codec.engine.table import Field, Reader, Table, kind_of
from peapod.codec.v1beta1.container import CONTAINER
from peapod.codec.v1beta1.container_status import CONTAINER_STATUS
from peapod.codec.v1beta1.meta import CONDITION_STATUS, IGNORED, METADATA
from peapod.codec.v1beta1.restart_policy import RESTART_POLICY
from peapod.codec.v1beta1.volumes import VOLUME
from peapod.v1 import pod_pb2


class ManifestVersion(Constant):
    """The version of the manifest's own form: whatever a pod's says, v1beta2 is written (v1beta1.md, 1.3)."""

    def reader(self, place: Place) -> Reader:
        """Take any text."""
        return _read_any_text


def _read_any_text(value: Any, _: Any, __: Report) -> None:
    if not isinstance(value, str):
        raise ValueError(f"must be text, not {kind_of(value)}")


def written_version() -> str:
    """Say the version that is written of every manifest."""
    return "v1beta2"


DNS_POLICY = words({"ClusterFirst": pod_pb2.DNS_POLICY_CLUSTER_FIRST, "Default": pod_pb2.DNS_POLICY_DEFAULT})

MANIFEST = Table(
    "ContainerManifest",
    Field("version", "", ManifestVersion(written_version), always=True),
    Field("id", "manifest_id", TEXT, always=True),
    Field("uuid", "", IGNORED),
    Field("volumes", "volumes", Objects(VOLUME), always=True),
    Field("containers", "containers", Objects(CONTAINER), always=True, required=True),
    Field("restartPolicy", "restart_policy", RESTART_POLICY, always=True),
    Field("terminationGracePeriodSeconds", "termination_grace_period_seconds", INT64),
    Field("dnsPolicy", "dns_policy", DNS_POLICY),
    Field("hostNetwork", "host_network", BOOL),
)


def empty_manifest() -> dict[str, Any]:
    """Make what the current state carries in the place of a manifest."""
    return {"version": "", "id": "", "volumes": None, "containers": None, "restartPolicy": {}}


PHASE = words(
    {
        "Waiting": pod_pb2.POD_PHASE_PENDING,
        "Running": pod_pb2.POD_PHASE_RUNNING,
        "Succeeded": pod_pb2.POD_PHASE_SUCCEEDED,
        "Terminated": pod_pb2.POD_PHASE_FAILED,
        "Unknown": pod_pb2.POD_PHASE_UNKNOWN,
    },
    also={"Pending": pod_pb2.POD_PHASE_PENDING, "Failed": pod_pb2.POD_PHASE_FAILED},
)

CONDITION = Table(
    "PodCondition",
    Field("kind", "type", TEXT, always=True),
    Field("status", "status", CONDITION_STATUS),
)

DESIRED_STATE = Table(
    "PodDesiredState",
    Field("manifest", "spec", Object(MANIFEST), required=True),
    Field("host", "spec.node_name", TEXT),
)

CURRENT_STATE = Table(
    "PodCurrentState",
    Field("manifest", "", Constant(empty_manifest, written=Object(MANIFEST).schema)),
    Field("status", "status.phase", PHASE),
    Field("Condition", "status.conditions", Objects(CONDITION)),
    Field("message", "status.message", TEXT),
    Field("reason", "status.reason", TEXT),
    Field("host", "spec.node_name", Shown(TEXT)),
    Field("hostIP", "status.host_ip", TEXT),
    Field("podIP", "status.pod_ip", TEXT),
    Field("startTime", "status.start_time", TIME),
    Field("info", "status.container_statuses", Keyed(CONTAINER_STATUS, key="name")),
)

POD = Table(
    "Pod",
    *METADATA,
    Field("desiredState", "", Object(DESIRED_STATE), always=True, required=True),
    Field("currentState", "", Object(CURRENT_STATE), always=True),
    Field("nodeSelector", "spec.node_selector", LABELS),
)
