"""What is done to a container to ask whether it is well, or when it starts and stops."""

from __future__ import annotations

from dataclasses import replace

from peapod.codec.engine.scalars import INT64, PORT, TEXT, TEXTS
from peapod.codec.engine.shapes import Object
from peapod.codec.engine.table import Field, Table

EXEC = Table("ExecAction", Field("command", "command", TEXTS, required=True))

HTTP_GET = Table(
    "HTTPGetAction",
    Field("path", "path", TEXT),
    Field("port", "port", PORT, always=True, required=True),
    Field("host", "host", TEXT),
)

TCP_SOCKET = Table("TCPSocketAction", Field("port", "port", PORT, always=True, required=True))

HANDLER = Table(
    "Handler",
    Field("exec", "exec", Object(EXEC, pointer=True)),
    Field("httpGet", "http_get", Object(HTTP_GET, pointer=True)),
    Field("tcpSocket", "tcp_socket", Object(TCP_SOCKET, pointer=True)),
)

PROBE = Table(
    "Probe",
    *(replace(field, proto=f"handler.{field.proto}") for field in HANDLER),
    Field("initialDelaySeconds", "initial_delay_seconds", INT64),
    Field("timeoutSeconds", "timeout_seconds", INT64),
    Field("periodSeconds", "period_seconds", INT64),
)

LIFECYCLE = Table(
    "Lifecycle",
    Field("postStart", "post_start", Object(HANDLER, pointer=True)),
    Field("preStop", "pre_stop", Object(HANDLER, pointer=True)),
)
