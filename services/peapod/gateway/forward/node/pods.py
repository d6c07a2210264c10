"""Finds pods, and their containers, on the node that is asked for them."""

from __future__ import annotations

from peapod.common.errors import NotFound, PeapodError
from peapod.common.kinds import POD
from peapod.gateway.forward.directory import Directory
from peapod.gateway.forward.node.asked import Asked, Coordinates, refused, said
from peapod.v1 import pod_pb2


async def find(
    directory: Directory, asked: Asked, wanted: Coordinates, missing: str = "Pod does not exist"
) -> pod_pb2.Pod:
    """Find a pod on the node, and its container if one is named; raises `Refusal` otherwise."""
    try:
        pod: pod_pb2.Pod = await directory.get(POD, wanted.namespace, wanted.pod)
    except NotFound:
        raise said(404, missing) from None
    except PeapodError as error:
        raise refused(error, asked) from error
    if pod.spec.node_name != asked.node or wanted.uid not in ("", pod.metadata.uid):
        raise said(404, missing)
    if wanted.container and wanted.container not in {one.name for one in pod.spec.containers}:
        raise said(404, f'Container "{wanted.container}" not found in Pod "{wanted.pod}"')
    return pod
