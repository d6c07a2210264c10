"""A container of a pod. `entrypoint` is not of v0.14; it is written only when there is something to say."""

from __future__ import annotations

from peapod.codec.engine.many import Objects
from peapod.codec.engine.scalars import BOOL, INT32, TEXT, TEXTS, words
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Shape, Table
from peapod.codec.v1beta1.handlers import LIFECYCLE, PROBE
from peapod.codec.v1beta1.meta import IGNORED, PROTOCOL
from peapod.codec.v1beta1.resources import BYTES, MILLICORES, RESOURCES
from peapod.v1 import pod_pb2

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

PORT = Table(
    "ContainerPort",
    Field("name", "name", TEXT),
    Field("hostPort", "host_port", INT32),
    Field("containerPort", "container_port", INT32, always=True, required=True),
    Field("protocol", "protocol", PROTOCOL),
    Field("hostIP", "host_ip", TEXT),
)

ENV = Table(
    "EnvVar",
    Field("name", "name", TEXT, twin="key", always=True),
    Field("value", "value", TEXT),
)

MOUNT = Table(
    "VolumeMount",
    Field("name", "name", TEXT, always=True, required=True),
    Field("readOnly", "read_only", BOOL),
    Field("mountPath", "mount_path", TEXT, twin="path"),
    Field("mountType", "", IGNORED),
)


def requirements(amounts: Shape) -> Table:
    """Make the table of what a container may use, with amounts as a version writes them."""
    return Table("ResourceRequirements", Field("limits", "limits", amounts), Field("requests", "requests", amounts))


REQUIREMENTS = requirements(RESOURCES)

CAPABILITIES = Table("Capabilities", Field("add", "add", TEXTS), Field("drop", "drop", TEXTS))

CONTAINER = Table(
    "Container",
    Field("name", "name", TEXT, always=True, required=True),
    Field("image", "image", TEXT, always=True, required=True),
    Field("entrypoint", "command", TEXTS),
    Field("command", "args", TEXTS),
    Field("workingDir", "working_dir", TEXT),
    Field("ports", "ports", Objects(PORT)),
    Field("env", "env", Objects(ENV)),
    Field("resources", "resources", Object(REQUIREMENTS, rest="limits"), always=True),
    Field("cpu", "resources.limits", MILLICORES),
    Field("memory", "resources.limits", BYTES),
    Field("volumeMounts", "volume_mounts", Objects(MOUNT)),
    Field("livenessProbe", "liveness_probe", Object(PROBE, pointer=True)),
    Field("readinessProbe", "readiness_probe", Object(PROBE, pointer=True)),
    Field("lifecycle", "lifecycle", Object(LIFECYCLE, pointer=True)),
    Field("terminationMessagePath", "termination_message_path", TEXT),
    Field("privileged", "security_context.privileged", BOOL),
    Field("imagePullPolicy", "image_pull_policy", PULL_POLICY, always=True),
    Field("capabilities", "security_context.capabilities", Object(CAPABILITIES), always=True),
)
