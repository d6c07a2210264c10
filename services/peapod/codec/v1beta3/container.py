"""A container of a pod. `command` is what v1beta1 calls so too, and `entrypoint` what v0.14 has no word for."""

from __future__ import annotations

from peapod.codec.engine.many import Objects
from peapod.codec.engine.scalars import BOOL, TEXT, TEXTS, words
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table
from peapod.codec.v1beta1.container import CAPABILITIES, PORT, requirements
from peapod.codec.v1beta1.handlers import LIFECYCLE, PROBE
from peapod.codec.v1beta2 import container
from peapod.codec.v1beta2.container import ENV
from peapod.codec.v1beta3.resources import QUANTITIES
from peapod.v1 import pod_pb2

PULL_POLICY = words(
    {
        "Always": pod_pb2.PULL_POLICY_ALWAYS,
        "Never": pod_pb2.PULL_POLICY_NEVER,
        "IfNotPresent": pod_pb2.PULL_POLICY_IF_NOT_PRESENT,
    }
)

MOUNT = Table("VolumeMount", *(field for field in container.MOUNT if field.name != "mountType"))

REQUIREMENTS = requirements(QUANTITIES)

CONTAINER = Table(
    "Container",
    Field("name", "name", TEXT, always=True, required=True),
    Field("image", "image", TEXT, always=True, required=True),
    Field("entrypoint", "command", TEXTS),
    Field("command", "args", TEXTS),
    Field("workingDir", "working_dir", TEXT),
    Field("ports", "ports", Objects(PORT)),
    Field("env", "env", Objects(ENV)),
    Field("resources", "resources", Object(REQUIREMENTS), always=True),
    Field("volumeMounts", "volume_mounts", Objects(MOUNT)),
    Field("livenessProbe", "liveness_probe", Object(PROBE, pointer=True)),
    Field("readinessProbe", "readiness_probe", Object(PROBE, pointer=True)),
    Field("lifecycle", "lifecycle", Object(LIFECYCLE, pointer=True)),
    Field("terminationMessagePath", "termination_message_path", TEXT),
    Field("privileged", "security_context.privileged", BOOL),
    Field("imagePullPolicy", "image_pull_policy", PULL_POLICY, always=True),
    Field("capabilities", "security_context.capabilities", Object(CAPABILITIES), always=True),
)
