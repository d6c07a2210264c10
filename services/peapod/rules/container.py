"""What is wrong with one container of a pod (v1beta1.md, 2.3 and 9)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence, Set

from peapod.common import names
from peapod.common.errors import Violation
from peapod.rules import ports
from peapod.rules.addresses import read_address
from peapod.rules.capabilities import capability_problem
from peapod.rules.handlers import handler_violations
from peapod.rules.resources import COMPUTE, amount_violations
from peapod.v1 import pod_pb2

MOUNT_PATH_MOST = 512
NETWORK = "net"
"""The name of each pod's network container, which no other may have."""

_PULL_POLICIES = frozenset(pod_pb2.PullPolicy.values())


def container_violations(container: pod_pb2.Container, volumes: Set[str], path: str) -> Iterator[Violation]:
    """Find everything that is wrong with a container; `volumes` are the names that the pod defines."""
    if not container.name:
        yield Violation.required(f"{path}.name")
    elif problem := names.dns_label_problem(container.name):
        yield Violation(f"{path}.name", problem)
    elif container.name == NETWORK:
        yield Violation(f"{path}.name", f'"{NETWORK}" is the name of the pod\'s network container')
    if not container.image.strip():
        yield Violation.required(f"{path}.image")
    if container.image_pull_policy not in _PULL_POLICIES:
        yield Violation.not_supported(f"{path}.image_pull_policy", f"{container.image_pull_policy} is no pull policy")
    for index, port in enumerate(container.ports):
        yield from _port_violations(port, f"{path}.ports[{index}]")
    for index, variable in enumerate(container.env):
        yield from _env_violations(variable, f"{path}.env[{index}].name")
    for index, mount in enumerate(container.volume_mounts):
        yield from _mount_violations(mount, volumes, f"{path}.volume_mounts[{index}]")
    if len(container.volume_mounts) > 1:
        yield from _repeated_mounts(container.volume_mounts, f"{path}.volume_mounts")
    if container.HasField("resources"):
        yield from amount_violations(container.resources.limits, COMPUTE, f"{path}.resources.limits")
        yield from amount_violations(container.resources.requests, COMPUTE, f"{path}.resources.requests")
    if container.termination_message_path and not container.termination_message_path.startswith("/"):
        yield Violation(f"{path}.termination_message_path", "must be absolute")
    if container.HasField("security_context"):
        yield from _capability_violations(container.security_context.capabilities, path)
    yield from handler_violations(container, path)


def _port_violations(port: pod_pb2.ContainerPort, path: str) -> Iterator[Violation]:
    yield from ports.name_violations(port.name, f"{path}.name")
    yield from ports.number_violations(port.container_port, f"{path}.container_port")
    if not 0 <= port.host_port <= ports.LAST:
        yield Violation(f"{path}.host_port", f"must be 1 to {ports.LAST}, or left out, not {port.host_port}")
    yield from ports.protocol_violations(port.protocol, f"{path}.protocol")
    if port.host_ip and read_address(port.host_ip) is None:
        yield Violation(f"{path}.host_ip", f"{port.host_ip!r} is no IP address")


def _env_violations(variable: pod_pb2.EnvVar, path: str) -> Iterator[Violation]:
    if not variable.name:
        yield Violation.required(path)
    elif problem := names.c_identifier_problem(variable.name):
        yield Violation(path, f"{variable.name!r} {problem}")


def _mount_violations(mount: pod_pb2.VolumeMount, volumes: Set[str], path: str) -> Iterator[Violation]:
    if not mount.name:
        yield Violation.required(f"{path}.name")
    elif mount.name not in volumes:
        yield Violation.not_found(f"{path}.name", f"the pod has no volume {mount.name!r}")
    if not mount.mount_path:
        yield Violation.required(f"{path}.mount_path")
    elif not mount.mount_path.startswith("/"):
        yield Violation(f"{path}.mount_path", "must be absolute")
    elif len(mount.mount_path) > MOUNT_PATH_MOST:
        yield Violation.too_long(f"{path}.mount_path", f"must have at most {MOUNT_PATH_MOST} characters")
    elif _place(mount) == "/":
        yield Violation(f"{path}.mount_path", "must not be the container's root")


def _repeated_mounts(mounts: Sequence[pod_pb2.VolumeMount], path: str) -> Iterator[Violation]:
    seen: set[str] = set()
    for index, mount in enumerate(mounts):
        if mount.mount_path and _place(mount) in seen:
            yield Violation.duplicate(f"{path}[{index}].mount_path", f"another volume is mounted at {_place(mount)}")
        seen.add(_place(mount))


def _place(mount: pod_pb2.VolumeMount) -> str:
    """Say where a mount is in the one way that there is; two leading slashes mean no more than one here."""
    return posixpath.normpath("/" + mount.mount_path.lstrip("/"))


def _capability_violations(capabilities: pod_pb2.Capabilities, path: str) -> Iterator[Violation]:
    for verb in ("add", "drop"):
        for index, name in enumerate(getattr(capabilities, verb)):
            if problem := capability_problem(name):
                yield Violation.not_supported(f"{path}.security_context.capabilities.{verb}[{index}]", problem)
