"""What a pod gets where its user said nothing."""

from __future__ import annotations

from peapod.rules.handlers import HOOKS, PROBES
from peapod.v1 import pod_pb2

GRACE_SECONDS = 10
PROBE_TIMEOUT_SECONDS = 1
PROBE_PERIOD_SECONDS = 10
TERMINATION_LOG = "/dev/termination-log"


def set_defaults(pod: pod_pb2.Pod) -> None:
    """Fill in everything that the contract gives a default."""
    set_spec_defaults(pod.spec)


def set_spec_defaults(spec: pod_pb2.PodSpec) -> None:
    """The same for a spec, of a pod or of a template."""
    spec.restart_policy = spec.restart_policy or pod_pb2.RESTART_POLICY_ALWAYS
    spec.dns_policy = spec.dns_policy or pod_pb2.DNS_POLICY_DEFAULT
    if not spec.HasField("termination_grace_period_seconds"):
        spec.termination_grace_period_seconds = GRACE_SECONDS
    for volume in spec.volumes:
        if volume.WhichOneof("source") is None:
            volume.empty_dir.SetInParent()
    for container in spec.containers:
        _set_container_defaults(container, spec.host_network)


def _set_container_defaults(container: pod_pb2.Container, host_network: bool) -> None:
    if not container.image_pull_policy:
        # The text after the last colon decides; an image without a tag is not "latest" here (v1beta1.md, 1.4).
        latest = container.image.rpartition(":")[2] == "latest"
        container.image_pull_policy = pod_pb2.PULL_POLICY_ALWAYS if latest else pod_pb2.PULL_POLICY_IF_NOT_PRESENT
    container.termination_message_path = container.termination_message_path or TERMINATION_LOG
    for port in container.ports:
        port.protocol = port.protocol or pod_pb2.PROTOCOL_TCP
        if host_network and not port.host_port:
            port.host_port = port.container_port
    for field in PROBES:
        if container.HasField(field):
            _set_probe_defaults(getattr(container, field))
    if container.HasField("lifecycle"):
        _set_hook_defaults(container.lifecycle)


def _set_probe_defaults(probe: pod_pb2.Probe) -> None:
    probe.timeout_seconds = probe.timeout_seconds or PROBE_TIMEOUT_SECONDS
    probe.period_seconds = probe.period_seconds or PROBE_PERIOD_SECONDS
    _set_handler_defaults(probe.handler)


def _set_hook_defaults(lifecycle: pod_pb2.Lifecycle) -> None:
    for field in HOOKS:
        if lifecycle.HasField(field):
            _set_handler_defaults(getattr(lifecycle, field))


def _set_handler_defaults(handler: pod_pb2.Handler) -> None:
    if handler.HasField("http_get"):
        handler.http_get.path = handler.http_get.path or "/"
