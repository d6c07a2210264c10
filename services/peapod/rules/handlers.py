"""What is wrong with a container's probes and hooks (v1beta1.md, 2.3)."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.common.errors import Violation
from peapod.rules import ports
from peapod.v1 import pod_pb2

PROBES = ("liveness_probe", "readiness_probe")
HOOKS = ("post_start", "pre_stop")


def handler_violations(container: pod_pb2.Container, path: str) -> Iterator[Violation]:
    """Find everything that is wrong with a container's probes and hooks, whose defaults are set."""
    for field in PROBES:
        if container.HasField(field):
            yield from _probe_violations(getattr(container, field), f"{path}.{field}")
    if container.HasField("lifecycle"):
        for field in HOOKS:
            if container.lifecycle.HasField(field):
                yield from _action_violations(getattr(container.lifecycle, field), f"{path}.lifecycle.{field}")


def _probe_violations(probe: pod_pb2.Probe, path: str) -> Iterator[Violation]:
    if probe.initial_delay_seconds < 0:
        yield Violation(f"{path}.initial_delay_seconds", "must not be negative")
    if probe.timeout_seconds < 0:
        yield Violation(f"{path}.timeout_seconds", "must not be negative")
    if probe.period_seconds < 1:
        yield Violation(f"{path}.period_seconds", "must be at least 1")
    yield from _action_violations(probe.handler, f"{path}.handler")


def _action_violations(handler: pod_pb2.Handler, path: str) -> Iterator[Violation]:
    action = handler.WhichOneof("action")
    if action is None:
        yield Violation(path, "needs a handler: a command, an HTTP request or a TCP connection")
    elif action == "exec":
        if not handler.exec.command:
            yield Violation.required(f"{path}.exec.command")
    else:
        yield from _port_violations(getattr(handler, action).port, f"{path}.{action}.port")


def _port_violations(port: pod_pb2.IntOrString, path: str) -> Iterator[Violation]:
    if port.WhichOneof("value") == "text":
        if not port.text:
            yield Violation.required(path)
    else:
        yield from ports.number_violations(port.number, path)
