"""The table of Pod.

`entrypoint`, `terminationGracePeriodSeconds`, a probe's `periodSeconds`, `reason`, `startTime` and the `message` of a
waiting container are not of v0.14; they are written only when there is something to say.
"""

from __future__ import annotations

from typing import Any

from peapod.codec.engine.scalars import (
    BOOL,
    INT32,
    INT64,
    LABELS,
    PORT,
    TEXT,
    TEXTS,
    TIME,
    words,
)
from peapod.codec.engine.shapes import Constant, Field, Keyed, Object, Objects, Report, Shown, Slot, kind_of
from peapod.codec.v1beta1.meta import CONDITION_STATUS, METADATA
from peapod.codec.v1beta1.resources import BYTES, MILLICORES, RESOURCES
from peapod.codec.v1beta1.restart_policy import RESTART_POLICY
from peapod.v1 import pod_pb2

IGNORED = Constant()


class ManifestVersion(Constant):
    """The version of the manifest's own form: whatever a pod's says, v1beta2 is written (v1beta1.md, 1.3)."""

    def read(self, value: Any, slot: Slot, report: Report) -> None:
        """Take any text."""
        if not isinstance(value, str):
            report.problem(f"must be text, not {kind_of(value)}")


HANDLER = (
    Field("exec", "exec", Object((Field("command", "command", TEXTS),), pointer=True)),
    Field(
        "httpGet",
        "http_get",
        Object(
            (
                Field("path", "path", TEXT),
                Field("port", "port", PORT, always=True),
                Field("host", "host", TEXT),
            ),
            pointer=True,
        ),
    ),
    Field("tcpSocket", "tcp_socket", Object((Field("port", "port", PORT, always=True),), pointer=True)),
)

PROBE = Object(
    (
        *(Field(entry.name, f"handler.{entry.proto}", entry.shape) for entry in HANDLER),
        Field("initialDelaySeconds", "initial_delay_seconds", INT64),
        Field("timeoutSeconds", "timeout_seconds", INT64),
        Field("periodSeconds", "period_seconds", INT64),
    ),
    pointer=True,
)

LIFECYCLE = Object(
    (
        Field("postStart", "post_start", Object(HANDLER, pointer=True)),
        Field("preStop", "pre_stop", Object(HANDLER, pointer=True)),
    ),
    pointer=True,
)

PULL_POLICY = words(
    {
        "PullAlways": pod_pb2.PULL_POLICY_ALWAYS,
        "PullNever": pod_pb2.PULL_POLICY_NEVER,
        "PullIfNotPresent": pod_pb2.PULL_POLICY_IF_NOT_PRESENT,
    },
    also={
        "Always": pod_pb2.PULL_POLICY_ALWAYS,
        "Never": pod_pb2.PULL_POLICY_NEVER,
        "IfNotPresent": pod_pb2.PULL_POLICY_IF_NOT_PRESENT,
    },
)

CONTAINER = (
    Field("name", "name", TEXT, always=True),
    Field("image", "image", TEXT, always=True),
    Field("entrypoint", "command", TEXTS),
    Field("command", "args", TEXTS),
    Field("workingDir", "working_dir", TEXT),
    Field(
        "ports",
        "ports",
        Objects(
            (
                Field("name", "name", TEXT),
                Field("hostPort", "host_port", INT32),
                Field("containerPort", "container_port", INT32, always=True),
                Field("protocol", "protocol", words({"TCP": pod_pb2.PROTOCOL_TCP, "UDP": pod_pb2.PROTOCOL_UDP})),
                Field("hostIP", "host_ip", TEXT),
            )
        ),
    ),
    Field(
        "env",
        "env",
        Objects((Field("name", "name", TEXT, twin="key", always=True), Field("value", "value", TEXT))),
    ),
    Field(
        "resources",
        "resources",
        Object(
            (Field("limits", "limits", RESOURCES), Field("requests", "requests", RESOURCES)),
            rest="limits",
        ),
        always=True,
    ),
    Field("cpu", "resources.limits", MILLICORES),
    Field("memory", "resources.limits", BYTES),
    Field(
        "volumeMounts",
        "volume_mounts",
        Objects(
            (
                Field("name", "name", TEXT, always=True),
                Field("readOnly", "read_only", BOOL),
                Field("mountPath", "mount_path", TEXT, twin="path"),
                Field("mountType", "", IGNORED),
            )
        ),
    ),
    Field("livenessProbe", "liveness_probe", PROBE),
    Field("readinessProbe", "readiness_probe", PROBE),
    Field("lifecycle", "lifecycle", LIFECYCLE),
    Field("terminationMessagePath", "termination_message_path", TEXT),
    Field("privileged", "security_context.privileged", BOOL),
    Field("imagePullPolicy", "image_pull_policy", PULL_POLICY, always=True),
    Field(
        "capabilities",
        "security_context.capabilities",
        Object((Field("add", "add", TEXTS), Field("drop", "drop", TEXTS))),
        always=True,
    ),
)

VOLUME_SOURCE = Object(
    (
        Field(
            "hostDir",
            "host_path",
            Object((Field("path", "path", TEXT, always=True),), pointer=True),
            aliases=("hostPath",),
            always=True,
        ),
        Field("emptyDir", "empty_dir", Object((Field("medium", "medium", TEXT),), pointer=True), always=True),
        Field(
            "persistentDisk",
            "gce_persistent_disk",
            Object(
                (
                    Field("pdName", "pd_name", TEXT, always=True),
                    Field("fsType", "fs_type", TEXT),
                    Field("partition", "partition", INT32),
                    Field("readOnly", "read_only", BOOL),
                ),
                pointer=True,
            ),
            aliases=("GCEPersistentDisk",),
            always=True,
        ),
        Field(
            "gitRepo",
            "git_repo",
            Object(
                (
                    Field("repository", "repository", TEXT, always=True),
                    Field("revision", "revision", TEXT, always=True),
                ),
                pointer=True,
            ),
            always=True,
        ),
        Field(
            "secret",
            "secret",
            Object(
                (
                    Field(
                        "target",
                        "",
                        Object(
                            (
                                Field("name", "secret_name", TEXT, aliases=("id",)),
                                Field("kind", "", IGNORED),
                                Field("namespace", "", IGNORED),
                                Field("uid", "", IGNORED),
                                Field("apiVersion", "", IGNORED),
                                Field("resourceVersion", "", IGNORED),
                                Field("fieldPath", "", IGNORED),
                            )
                        ),
                        always=True,
                    ),
                ),
                pointer=True,
            ),
            always=True,
        ),
        Field(
            "nfs",
            "nfs",
            Object(
                (
                    Field("server", "server", TEXT, always=True),
                    Field("path", "path", TEXT, always=True),
                    Field("readOnly", "read_only", BOOL),
                ),
                pointer=True,
            ),
            aliases=("nfsMount",),
            always=True,
        ),
    )
)

MANIFEST = Object(
    (
        Field("version", "", ManifestVersion("v1beta2"), always=True),
        Field("id", "manifest_id", TEXT, always=True),
        Field("uuid", "", IGNORED),
        Field(
            "volumes",
            "volumes",
            Objects((Field("name", "name", TEXT, always=True), Field("source", "", VOLUME_SOURCE, always=True))),
            always=True,
        ),
        Field("containers", "containers", Objects(CONTAINER), always=True),
        Field("restartPolicy", "restart_policy", RESTART_POLICY, always=True),
        Field("terminationGracePeriodSeconds", "termination_grace_period_seconds", INT64),
        Field(
            "dnsPolicy",
            "dns_policy",
            words({"ClusterFirst": pod_pb2.DNS_POLICY_CLUSTER_FIRST, "Default": pod_pb2.DNS_POLICY_DEFAULT}),
        ),
        Field("hostNetwork", "host_network", BOOL),
    )
)

EMPTY_MANIFEST: dict[str, Any] = {
    "version": "",
    "id": "",
    "volumes": None,
    "containers": None,
    "restartPolicy": {},
}
"""What the current state carries in the place of a manifest."""

STATE = Object(
    (
        Field(
            "waiting",
            "waiting",
            Object((Field("reason", "reason", TEXT), Field("message", "message", TEXT)), pointer=True),
        ),
        Field("running", "running", Object((Field("startedAt", "started_at", TIME, always=True),), pointer=True)),
        Field(
            "termination",
            "terminated",
            Object(
                (
                    Field("exitCode", "exit_code", INT32, always=True),
                    Field("signal", "signal", INT32),
                    Field("reason", "reason", TEXT),
                    Field("message", "message", TEXT),
                    Field("startedAt", "started_at", TIME, always=True),
                    Field("finishedAt", "finished_at", TIME, always=True),
                    Field("containerID", "container_id", TEXT),
                ),
                pointer=True,
            ),
        ),
    )
)

CONTAINER_STATUS = (
    Field("state", "state", STATE, always=True),
    Field("lastState", "last_state", STATE, always=True),
    Field("ready", "ready", BOOL, always=True),
    Field("restartCount", "restart_count", INT32, always=True),
    Field("image", "image", TEXT, always=True),
    Field("imageID", "image_id", TEXT, always=True),
    Field("containerID", "container_id", TEXT),
)

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

CURRENT_STATE = Object(
    (
        Field("manifest", "", Constant(EMPTY_MANIFEST)),
        Field("status", "status.phase", PHASE),
        Field(
            "Condition",
            "status.conditions",
            Objects((Field("kind", "type", TEXT, always=True), Field("status", "status", CONDITION_STATUS))),
        ),
        Field("message", "status.message", TEXT),
        Field("reason", "status.reason", TEXT),
        Field("host", "spec.node_name", Shown(TEXT)),
        Field("hostIP", "status.host_ip", TEXT),
        Field("podIP", "status.pod_ip", TEXT),
        Field("startTime", "status.start_time", TIME),
        Field("info", "status.container_statuses", Keyed(CONTAINER_STATUS, key="name")),
    )
)

POD = (
    *METADATA,
    Field(
        "desiredState",
        "",
        Object((Field("manifest", "spec", MANIFEST), Field("host", "spec.node_name", TEXT))),
        always=True,
    ),
    Field("currentState", "", CURRENT_STATE, always=True),
    Field("nodeSelector", "spec.node_selector", LABELS),
)
