"""Makes an image present, and tells the user whether it had to be pulled for that."""

from __future__ import annotations

from collections.abc import Callable

from peapod.kubelet.runtime.runtime import ImageError, Runtime
from peapod.v1 import pod_pb2

Tell = Callable[[str, str], None]
"""Records an event: the reason, the message."""


async def ensure_image(runtime: Runtime, image: str, policy: pod_pb2.PullPolicy, tell: Tell) -> str:
    """Make an image present as the policy says and return its id. Raises `ImageError`."""
    if policy != pod_pb2.PULL_POLICY_ALWAYS:
        try:
            id = await runtime.ensure_image(image, pod_pb2.PULL_POLICY_NEVER)
        except ImageError:
            if policy == pod_pb2.PULL_POLICY_NEVER:
                raise
        else:
            tell("pulled", f'Image "{image}" is already present on this machine')
            return id
    tell("pulling", f'Pulling image "{image}"')
    id = await runtime.ensure_image(image, policy)
    tell("pulled", f'Pulled image "{image}"')
    return id
