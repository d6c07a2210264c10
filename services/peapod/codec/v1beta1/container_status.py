"""What the kubelet saw of a container. The `message` of a waiting one is not of v0.14, and written only when set."""

from __future__ import annotations

from peapod.codec.engine.scalars import BOOL, INT32, TEXT, TIME
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table

WAITING = Table("ContainerStateWaiting", Field("reason", "reason", TEXT), Field("message", "message", TEXT))

RUNNING = Table("ContainerStateRunning", Field("startedAt", "started_at", TIME, always=True))

TERMINATED = Table(
    "ContainerStateTerminated",
    Field("exitCode", "exit_code", INT32, always=True),
    Field("signal", "signal", INT32),
    Field("reason", "reason", TEXT),
    Field("message", "message", TEXT),
    Field("startedAt", "started_at", TIME, always=True),
    Field("finishedAt", "finished_at", TIME, always=True),
    Field("containerID", "container_id", TEXT),
)

STATE = Table(
    "ContainerState",
    Field("waiting", "waiting", Object(WAITING, pointer=True)),
    Field("running", "running", Object(RUNNING, pointer=True)),
    Field("termination", "terminated", Object(TERMINATED, pointer=True)),
)

CONTAINER_STATUS = Table(
    "ContainerStatus",
    Field("state", "state", Object(STATE), always=True),
    Field("lastState", "last_state", Object(STATE), always=True),
    Field("ready", "ready", BOOL, always=True),
    Field("restartCount", "restart_count", INT32, always=True),
    Field("image", "image", TEXT, always=True),
    Field("imageID", "image_id", TEXT, always=True),
    Field("containerID", "container_id", TEXT),
)
