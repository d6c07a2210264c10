"""`/containerLogs/{namespace}/{pod}/{container}`: what a container wrote, with time stamps, as Docker kept it."""

from __future__ import annotations

from starlette.types import Receive, Send

from peapod.gateway.forward import numbers
from peapod.gateway.forward.directory import Directory
from peapod.gateway.forward.node import pods, text
from peapod.gateway.forward.node.asked import Asked, Coordinates, said
from peapod.gateway.forward.race import first_of, left
from peapod.v1 import pod_pb2
from peapod.v1.log_pb2 import LogOptions
from peapod.v1.pod_service_pb2 import StreamPodLogsRequest
from peapod.v1.pod_service_rpc import PodServiceClient

ALL = "all"


async def container_logs(
    client: PodServiceClient, directory: Directory, asked: Asked, receive: Receive, send: Send
) -> None:
    """Stream a log; `follow`, `previous` and `tail` say how much of it. It stops when the client leaves."""
    wanted = coordinates(asked)
    log = options(asked)
    pod = await pods.find(directory, asked, wanted, f'Pod "{wanted.pod}" does not exist')
    request = StreamPodLogsRequest(namespace=wanted.namespace, name=wanted.pod, container=wanted.container, options=log)

    async def pass_on() -> None:
        async with client.stream_pod_logs(request) as answers:
            # Whoever follows a container that is silent so far is told at once that there is one.
            prompt = log.follow and _is_running(pod, wanted.container)
            await text.stream(send, asked, (answer.data async for answer in answers), prompt=prompt)

    await first_of(left(receive), pass_on())


def coordinates(asked: Asked) -> Coordinates:
    """Read the path; raises `Refusal`."""
    if len(asked.words) != 4:
        raise said(400, "Unexpected path for command running")
    _, namespace, pod, container = asked.words
    for value, what in ((pod, "podID"), (container, "container name"), (namespace, "podNamespace")):
        if not value:
            raise said(400, f'{{"message": "Missing {what}."}}')
    return Coordinates(namespace, pod, "", container)


def options(asked: Asked) -> LogOptions:
    """Read the query; raises `Refusal` for a `tail` that is no number of lines, and not "all"."""
    log = LogOptions(follow=asked.flag("follow"), previous=asked.flag("previous"), timestamps=True)
    tail = asked.one("tail")
    if tail not in ("", ALL):
        lines = numbers.lines(tail)
        if lines is None:
            raise said(400, f'tail must be a number of lines, or "{ALL}", not "{tail}"')
        log.tail_lines = lines
    return log


def _is_running(pod: pod_pb2.Pod, container: str) -> bool:
    return any(one.name == container and one.state.HasField("running") for one in pod.status.container_statuses)
