"""`/run/{namespace}/{pod}[/{uid}]/{container}?cmd=a b`: a command in a container, and what it writes."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from starlette.types import Receive, Scope, Send

from peapod.common.rpc import MessageStream
from peapod.gateway.forward.directory import Directory
from peapod.gateway.forward.node import pods, text
from peapod.gateway.forward.node.asked import Asked, container_of, refuse_other_sites, said
from peapod.gateway.forward.race import first_of, left
from peapod.v1.exec_pb2 import ExecOptions
from peapod.v1.pod_service_pb2 import ExecInPodRequest, ExecInPodResponse, ExecTarget
from peapod.v1.pod_service_rpc import PodServiceClient


async def run(
    client: PodServiceClient, directory: Directory, asked: Asked, scope: Scope, receive: Receive, send: Send
) -> None:
    """Run a command, and stream both of its outputs as one; a client that leaves has it killed.

    As from the kubelet, how the command ended is not told.
    """
    refuse_other_sites(scope)
    wanted = container_of(asked)
    command = asked.one("cmd").split()
    if not command:
        raise said(400, "Missing 'cmd=' query entry.")
    await pods.find(directory, asked, wanted)
    target = ExecTarget(
        namespace=wanted.namespace,
        name=wanted.pod,
        container=wanted.container,
        options=ExecOptions(command=command),
    )

    async def pass_on() -> None:
        async with client.exec_in_pod(_only(target)) as answers:
            await text.stream(send, asked, _written(answers))

    await first_of(left(receive), pass_on())


async def _only(target: ExecTarget) -> AsyncGenerator[ExecInPodRequest, None]:
    yield ExecInPodRequest(target=target)


async def _written(answers: MessageStream[ExecInPodResponse]) -> AsyncGenerator[bytes, None]:
    async for answer in answers:
        yield answer.output.stdout or answer.output.stderr
