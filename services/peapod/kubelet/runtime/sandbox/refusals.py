"""What the sandbox cannot do, said by field before anything is started."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.common.errors import Violation
from peapod.v1 import pod_pb2

_ANY_ADDRESS = ("", "0.0.0.0")


def refusals(pod: pod_pb2.Pod) -> list[Violation]:
    """Name each field of a pod that the sandbox cannot honour."""
    return [
        violation
        for index, container in enumerate(pod.spec.containers)
        for violation in _of_container(f"spec.containers[{index}]", container)
    ]


def _of_container(path: str, container: pod_pb2.Container) -> Iterator[Violation]:
    for resource in sorted(container.resources.limits):
        yield Violation(f"{path}.resources.limits[{resource}]", "the sandbox runtime cannot enforce limits")
    for index, port in enumerate(container.ports):
        yield from _of_port(f"{path}.ports[{index}]", port)
    security = container.security_context
    if security.privileged:
        yield Violation(f"{path}.security_context.privileged", "the sandbox runtime runs no privileged containers")
    if security.capabilities.add:
        yield Violation(f"{path}.security_context.capabilities.add", "the sandbox runtime adds no capabilities")


def _of_port(path: str, port: pod_pb2.ContainerPort) -> Iterator[Violation]:
    shared = "containers share the node's network in the sandbox runtime"
    if port.host_port not in (0, port.container_port):
        yield Violation(f"{path}.host_port", f"must equal container_port ({port.container_port}): {shared}")
    if port.host_ip not in _ANY_ADDRESS:
        yield Violation(f"{path}.host_ip", f"must be empty: {shared}, and choose their address themselves")
