"""Pods whose containers are sandboxes of this machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime
from peapod.v1 import pod_pb2
from tests.support.pods import make_pod

FOREVER = "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"
"""A script that runs until it is asked to end."""


def make_runtime(root: Path, node: str) -> SandboxRuntime:
    """Make the runtime of a node whose kubelet keeps its things in `root`."""
    return SandboxRuntime(node, root / "sandbox", hidden=(root,))


@asynccontextmanager
async def cleared(root: Path, node: str) -> AsyncGenerator[SandboxRuntime]:
    """See a node's sandboxes; when the block ends, none is left."""
    runtime = make_runtime(root, node)
    await runtime.open()
    try:
        yield runtime
    finally:
        for one in reversed(await runtime.list()):
            await runtime.remove(one.id)
        await runtime.close()


def on_host(script: str, name: str = "web") -> pod_pb2.Pod:
    """A pod of one container that runs a script on this machine's own root file system."""
    pod = make_pod(image="host", name=name)
    pod.spec.containers[0].command.extend(["/bin/sh", "-c", script])
    return pod
