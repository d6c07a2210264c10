"""Pods on the real engine: what runs of them, and what is inside."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from peapod.kubelet.runtime.docker import DockerRuntime
from peapod.kubelet.runtime.runtime import Observed, Phase
from peapod.v1 import pod_pb2
from tests.support import engine, images
from tests.support.pods import make_pod

FOREVER = "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"
"""A script that runs until it is asked to end."""


@asynccontextmanager
async def cleared(node: str) -> AsyncGenerator[DockerRuntime]:
    """See a node's containers on the engine; when the block ends, none is left."""
    runtime = DockerRuntime(node)
    await runtime.open()
    try:
        yield runtime
    finally:
        for one in reversed(await runtime.list()):
            await runtime.remove(one.id)
        await runtime.close()


def two_containers(name: str = "web") -> pod_pb2.Pod:
    """A pod whose containers, server and client, run until they are asked to end."""
    pod = make_pod("server", "client", name=name, image=images.ensure("peapod-test/busybox:1"))
    pod.spec.termination_grace_period_seconds = 2
    for one in pod.spec.containers:
        one.command.extend(["/bin/sh", "-c", FOREVER])
    return pod


async def running(docker: DockerRuntime) -> dict[str, Observed]:
    """The containers that run, by name."""
    return {one.name.container: one for one in await docker.list() if one.phase is Phase.RUNNING}


async def inside(one: Observed, *command: str) -> str:
    """Run a command in a container and return what it writes."""

    def run() -> str:
        with engine.client() as client:
            made = client.exec_create(one.id, list(command))
            text = client.exec_start(made["Id"]).decode()
            assert client.exec_inspect(made["Id"])["ExitCode"] == 0, text
            return str(text)

    return await asyncio.to_thread(run)


def kill(id: str) -> None:
    """End a container as kill -9 does."""
    with engine.client() as client:
        client.kill(id, signal.SIGKILL)
