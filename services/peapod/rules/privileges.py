"""What only those pods may have whose cluster allows it."""

from __future__ import annotations

from collections.abc import Iterator

from peapod.common.errors import Violation
from peapod.v1 import pod_pb2


def privileged_violations(spec: pod_pb2.PodSpec, path: str, service: str = "apiserver") -> Iterator[Violation]:
    """Find the containers that would be privileged, where the service was not told that they may."""
    for index, container in enumerate(spec.containers):
        if container.HasField("security_context") and container.security_context.privileged:
            field = f"{path}.containers[{index}].security_context.privileged"
            yield Violation.forbidden(
                field, f"is not allowed here: the {service} was started without --allow-privileged"
            )
