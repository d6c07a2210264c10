"""What is wrong with a pod's spec: everything at once, each with its path (v1beta1.md, 2.3 and 9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from peapod.common import names
from peapod.common.demand import HostPort, host_port
from peapod.common.errors import Violation
from peapod.rules.container import container_violations
from peapod.rules.metadata import label_violations
from peapod.rules.volumes import volume_violations
from peapod.v1 import pod_pb2

NamedPort = tuple[str, pod_pb2.ContainerPort]
"""A port and its path."""

_RESTART_POLICIES = frozenset(pod_pb2.RestartPolicy.values())
_DNS_POLICIES = frozenset(pod_pb2.DnsPolicy.values())


def spec_violations(spec: pod_pb2.PodSpec, path: str) -> Iterator[Violation]:
    """Find everything that is wrong with a spec whose defaults are set."""
    yield from volume_violations(spec.volumes, f"{path}.volumes")
    if not spec.containers:
        yield Violation.required(f"{path}.containers", "is required: a pod has at least one container")
    volumes = {volume.name for volume in spec.volumes}
    for index, container in enumerate(spec.containers):
        yield from container_violations(container, volumes, f"{path}.containers[{index}]")
    yield from _repeated_names(spec, path)
    ports = list(_ports(spec, path))
    if ports:
        yield from _repeated_port_names(ports)
        yield from _host_port_violations(ports, spec.host_network)
    if spec.restart_policy not in _RESTART_POLICIES:
        yield Violation.not_supported(f"{path}.restart_policy", f"{spec.restart_policy} is no restart policy")
    if spec.dns_policy not in _DNS_POLICIES:
        yield Violation.not_supported(f"{path}.dns_policy", f"{spec.dns_policy} is no DNS policy")
    if spec.node_selector:
        yield from label_violations(f"{path}.node_selector", spec.node_selector)
    if spec.node_name and (problem := names.dns_subdomain_problem(spec.node_name)):
        yield Violation(f"{path}.node_name", problem)
    if spec.termination_grace_period_seconds < 0:
        yield Violation(f"{path}.termination_grace_period_seconds", "must not be negative")


def _repeated_names(spec: pod_pb2.PodSpec, path: str) -> Iterator[Violation]:
    seen: set[str] = set()
    for index, container in enumerate(spec.containers):
        if container.name and container.name in seen:
            yield Violation.duplicate(
                f"{path}.containers[{index}].name", f"another container is named {container.name!r}"
            )
        seen.add(container.name)


def _repeated_port_names(ports: Sequence[NamedPort]) -> Iterator[Violation]:
    seen: set[str] = set()
    for field, port in ports:
        if port.name and port.name in seen:
            yield Violation.duplicate(f"{field}.name", f"another port of the pod is named {port.name!r}")
        seen.add(port.name)


def _host_port_violations(ports: Sequence[NamedPort], host_network: bool) -> Iterator[Violation]:
    taken: list[HostPort] = []
    for field, port in ports:
        if not port.host_port:
            continue
        asked = host_port(port)
        if any(asked.conflicts(other) for other in taken):
            yield Violation.duplicate(f"{field}.host_port", f"{port.host_port} is asked for twice in this pod")
        if host_network and port.host_port != port.container_port:
            yield Violation(f"{field}.host_port", "must equal container_port on the host's network")
        taken.append(asked)


def _ports(spec: pod_pb2.PodSpec, path: str) -> Iterator[NamedPort]:
    for index, container in enumerate(spec.containers):
        for number, port in enumerate(container.ports):
            yield f"{path}.containers[{index}].ports[{number}]", port
